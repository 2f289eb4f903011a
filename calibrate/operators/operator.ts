/**
 * What is known of an operator of the graph.
 *
 * @module
 */

import type { Node, NodeBase } from "../graph/graph.ts";
import type { Shape } from "../graph/shape.ts";

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

/** What is known of an operator: everything that tells its nodes from those of others. */
export interface Operator<N extends Node> {
  /**
   * The shape of the result.
   *
   * @returns The shape, or why there is none, to stand after the operator's name.
   */
  shape(node: NodeFields<N>, inputs: readonly Shape[], context: ShapeContext): number[] | string;
  /** What is wrong with the node's parameters, whatever it reads; undefined where nothing is. */
  check(node: N): string | undefined;
}

/** Nothing is wrong: for operators whose fields cannot contradict each other. */
export function checkNothing(): undefined {}
