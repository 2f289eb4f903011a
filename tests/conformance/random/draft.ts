/**
 * A network while it is drawn: values with known shapes, constants, nodes.
 *
 * @module
 */

import { normal, type Random } from "../../support/random.ts";
import {
  type AttributeValue,
  type Constant,
  floats,
  ints,
  type ModelSpec,
  tensorProto,
} from "../../support/onnx_writer.ts";

/** Dimensions; -k stands for k times the free batch. */
export type Shape = number[];

/** A value of the network. */
export interface Value {
  name: string;
  shape: Shape;
}

/** A network that grows. */
export interface Draft {
  random: Random;
  opset: number;
  inputs: Record<string, Shape>;
  /** Values that nodes can read, oldest first. */
  values: Value[];
  constants: Record<string, Constant>;
  nodes: ModelSpec["nodes"];
}

/** Appends a node to a draft where it finds a value that suits it. @returns Whether it did. */
export type Drawer = (draft: Draft) => boolean;

/** Most elements of a value, for a batch of 1. */
const MOST_ELEMENTS = 3000;

/** Makes an empty draft. */
export function createDraft(random: Random, opset: number): Draft {
  return { random, opset, inputs: {}, values: [], constants: {}, nodes: [] };
}

/** Whether something happens that has a probability. */
export function chance({ random }: Draft, probability: number): boolean {
  return random.unit() < probability;
}

/** Number of elements for a batch of 1. */
export function count(shape: Shape): number {
  return Math.abs(shape.reduce((product, length) => product * length, 1));
}

/** Whether a shape is free of the batch, from an axis on. */
export function isFixed(shape: Shape, from = 0): boolean {
  return shape.slice(from).every((length) => length > 0);
}

/** Axes without the free batch; seldom all axes. */
export function axesOf(draft: Draft, { shape }: Value): number[] {
  const all = shape.map((_, axis) => axis);
  return chance(draft, 0.04) ? all : all.filter((axis) => shape[axis] > 0);
}

/** An axis, seldom that of the batch; undefined where there is none. */
export function drawAxis(draft: Draft, value: Value): number | undefined {
  const axes = axesOf(draft, value);
  return axes.length > 0 ? draft.random.pick(axes) : undefined;
}

/** An axis, or the same one counted from the end. */
export function signed(draft: Draft, axis: number, rank: number): number {
  return chance(draft, 0.3) ? axis - rank : axis;
}

/** A value that suits, most often the newest. */
export function drawValue(draft: Draft, suits: (value: Value) => boolean = () => true): Value | undefined {
  const found = draft.values.filter(suits);
  if (found.length === 0) return undefined;
  const newest = found[found.length - 1];
  return chance(draft, 0.65) && newest === draft.values[draft.values.length - 1] ? newest : draft.random.pick(found);
}

/** Appends a node with one output. @returns Undefined where its value would be too large or without elements. */
export function append(
  draft: Draft,
  op: string,
  inputs: string[],
  shape: Shape,
  attributes: Record<string, AttributeValue> = {},
): Value | undefined {
  return appendAll(draft, op, inputs, [shape], attributes)?.[0];
}

/** Appends a node with several outputs. */
export function appendAll(
  draft: Draft,
  op: string,
  inputs: string[],
  shapes: Shape[],
  attributes: Record<string, AttributeValue> = {},
): Value[] | undefined {
  if (shapes.some((shape) => count(shape) > MOST_ELEMENTS || count(shape) === 0 || shape.length > 7)) return undefined;
  const made = shapes.map((shape, index) => ({ name: `v${draft.nodes.length}${index ? `_${index}` : ""}`, shape }));
  draft.nodes.push({ op, inputs, outputs: made.map(({ name }) => name), attributes });
  draft.values.push(...made);
  return made;
}

/** Normal numbers. */
export function numbers({ random }: Draft, length: number, spread = 1): number[] {
  return Array.from({ length }, () => Math.fround(normal(random) * spread));
}

/** A float32 constant with normal numbers; sometimes one that is there already. */
export function weights(draft: Draft, shape: Shape, spread = 1): string {
  const alike = Object.keys(draft.constants).filter((name) => {
    const { floats, shape: other } = draft.constants[name];
    return floats && other.join() === shape.join();
  });
  if (alike.length > 0 && chance(draft, 0.3)) return draft.random.pick(alike);
  return constant(draft, floats(shape, numbers(draft, count(shape), spread)));
}

/** An int64 constant. */
export function integers(draft: Draft, values: number[], shape?: Shape): string {
  return constant(draft, shape ? ints(values, shape) : ints(values));
}

/** A constant: an initialiser, the result of a Constant node, or something that is folded. */
export function constant(draft: Draft, value: Constant): string {
  const name = `c${Object.keys(draft.constants).length}_${draft.nodes.length}`;
  if (chance(draft, 0.15)) {
    draft.nodes.push({
      op: "Constant",
      inputs: [],
      outputs: [name],
      attributes: { value: { tensor: tensorProto(name, value) } },
    });
    return name;
  }
  draft.constants[name] = value;
  if (!chance(draft, 0.08)) return name;
  draft.nodes.push({ op: "Identity", inputs: [name], outputs: [`${name}_same`] });
  return `${name}_same`;
}

/** The spread of weights that keeps the spread of values. */
export function spreadOf(fanIn: number): number {
  return 1 / Math.sqrt(Math.max(fanIn, 1));
}

/** The shape of two that are broadcast to each other, where they can be. */
export function broadcast(left: Shape, right: Shape): Shape | undefined {
  const rank = Math.max(left.length, right.length);
  const result: Shape = [];
  for (let axis = 0; axis < rank; axis++) {
    const a = left[left.length - rank + axis] ?? 1;
    const b = right[right.length - rank + axis] ?? 1;
    if (a !== b && a !== 1 && b !== 1) return undefined;
    result.push(a === 1 ? b : a);
  }
  return result;
}

/** A shape that can be broadcast to another one, and sometimes has more dimensions or makes it larger. */
export function drawOperandShape(draft: Draft, shape: Shape): Shape {
  const { random } = draft;
  const keep = random.pick([0, 0.4, 0.7, 1]);
  let operand = shape.map((length) => (length > 0 && random.unit() < keep ? length : 1));
  if (chance(draft, 0.1)) {
    operand = operand.map((length, axis) => length === 1 && shape[axis] === 1 ? random.integer(1, 3) : length);
  }
  if (chance(draft, 0.5)) { while (operand.length > 0 && operand[0] === 1 && random.unit() < 0.8) operand.shift(); }
  if (chance(draft, 0.05)) operand.unshift(random.integer(1, 2));
  return operand;
}
