/**
 * What is known of an operator of the graph.
 *
 * @module
 */

import type { ChannelLinker } from "../graph/channel_links.ts";
import type { Form } from "../graph/form.ts";
import type { Node, NodeBase } from "../graph/graph.ts";
import type { Relayout } from "../graph/relayout.ts";
import type { Shape } from "../graph/shape.ts";
import type { LowerContext } from "../lower/context.ts";
import type { SampleContext, SamplePlace, SamplePlaces } from "./samples.ts";

/** A node without its name and the names of its values. */
export type NodeFields<N extends Node = Node> = N extends Node ? Omit<N, keyof NodeBase> : never;

/** Order of the dimensions of an image: [batch, channels, height, width] or [batch, height, width, channels]. */
export type ImageOrder = "channelsFirst" | "channelsLast";

/** What a shape depends on beside a node and its inputs. */
export interface ShapeContext {
  /** How images are held. */
  order: ImageOrder;
  /** The shape asked for, where the node's fields leave a choice: of a reshape, a slice and pooling. */
  wanted?: Shape;
}

/** Where the elements of a result come from. */
export interface Content {
  /**
   * "moved": elements of one input; "joined": of several; "selected": the
   * largest of some of them; "mixed": means of some of them; all these have the
   * range of the inputs. "computed": other numbers.
   */
  origin: "computed" | "moved" | "joined" | "selected" | "mixed";
  /** A number that stands between the elements of the input. */
  filler?: number;
}

/** What the choice of a node's forms depends on. */
export interface FormContext {
  /** The form in which the result is needed: "f32" where both are. */
  needed: Form;
  /** Whether a value is constant. */
  isConstant(value: string): boolean;
  /** Whether a value is rounded to 8 bits before any arithmetic: an input, or such a value moved about. */
  isEightBit(value: string): boolean;
}

/** The forms that a node reads and writes. */
export interface NodeForms {
  reads: Form;
  writes: Form;
}

/** What a node is, for reports. */
export interface NodeDescription {
  /** The operator in words. */
  kind: string;
  /** Number of weights, biases and slopes. */
  parameters: number;
  /** Multiply-adds of layers and matrix products. */
  multiplyAdds: number;
}

/** Shapes of what a node reads and makes. */
export interface NodeShapes {
  inputs: readonly Shape[];
  output: Shape;
}

/** What is known of an operator: everything that tells its nodes from those of others. */
export interface Operator<N extends Node> {
  /**
   * The shape of the result.
   *
   * @returns The shape, or why there is none, to stand after the operator's name.
   */
  shape(node: NodeFields<N>, inputs: readonly Shape[], context: ShapeContext): number[] | string;
  /**
   * Where samples stand in the result, of those that stand somewhere in an input.
   *
   * @param places At least one is given.
   * @returns The place, or why samples would meet, as a sentence about "it".
   */
  samples(node: NodeFields<N>, places: SamplePlaces, context: SampleContext): SamplePlace | string;
  /** What is wrong with the node's parameters, whatever it reads; undefined where nothing is. */
  check(node: N): string | undefined;
  /** Whether it reads images. */
  readsImages: boolean;
  /**
   * Adds the node to the graph in channels-last form.
   *
   * @param readers The nodes that read its result; none where it is an output of the graph.
   */
  relayout(layout: Relayout, node: N, readers: readonly Node[]): void;
  /** The dimension of the result along which the node's own parameters run, one per index; undefined where it has none. */
  parameterAxis(node: N, rank: number, order: ImageOrder): number | undefined;
  /** Where the elements of the result come from. */
  content(node: N): Content;
  /** The forms that a node reads and writes; "float" where it has no 8-bit kernel, "needed" where it takes any. */
  forms: "float" | "needed" | ((node: N, context: FormContext) => NodeForms);
  /**
   * Links the channels of what a node reads and makes, in channels-last form.
   *
   * @returns Whether it allows its channels any factors but one.
   */
  linkChannels(node: N, linker: ChannelLinker): boolean;
  /** What the node is, for reports. */
  describe(node: N, shapes: NodeShapes): NodeDescription;
  /**
   * Why a node in channels-last form is beyond what the kernels take, to stand
   * after "it"; undefined where it is not. Whatever has no limits is lowered.
   */
  limits(node: N, shapes: NodeShapes): string | undefined;
  /** Adds the steps that compute a node in channels-last form. */
  lower(context: LowerContext, node: N): void;
}

/** Nothing is wrong: for operators whose fields cannot contradict each other. */
export function checkNothing(): undefined {}

/** No limits: for operators whose kernels take all that memory holds. */
export function noLimits(): undefined {}

/** No parameters: for operators that have none per channel. */
export function noParameterAxis(): undefined {}

/** Elements of the input, moved. */
export const moved = (): Content => ({ origin: "moved" });

/** Numbers of the node's own. */
export const computed = (): Content => ({ origin: "computed" });

/** What operators have in common that compute in float32 and have no parameters for each channel. */
export const FLOAT_OPERATOR = {
  readsImages: false,
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "float",
  linkChannels: () => false,
} as const;

/** Lets channels follow those of the input one by one. */
export function linkOneByOne(node: NodeBase, linker: ChannelLinker): true {
  linker.follow(node.output, node.inputs[0]);
  return true;
}

/** Describes nodes without parameters and products. */
export function describeAs(kind: string): () => NodeDescription {
  return () => ({ kind, parameters: 0, multiplyAdds: 0 });
}
