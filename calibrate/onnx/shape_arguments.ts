/**
 * The arguments of operators that only rearrange elements, for constants and
 * variables alike.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import { intAttribute, intsAttribute } from "./attributes.ts";
import { OnnxError, UnsupportedReason } from "./errors.ts";
import { hasInput, type Lowering, normaliseAxis, optionalIntegers } from "./lowering.ts";
import type { OnnxNode } from "./model.ts";

/** The shape that Reshape, Flatten, Squeeze or Unsqueeze gives to a value of the given shape. */
export function reshapedShape(lowering: Lowering, node: OnnxNode, shape: number[]): number[] {
  switch (node.operator) {
    case "Reshape":
      return reshape(lowering, node, shape);
    case "Flatten": {
      const rank = shape.length;
      const axis = intAttribute(node, "axis", 1);
      const split = axis === rank ? rank : normaliseAxis(axis, rank, node);
      return [elementCount(shape.slice(0, split)), elementCount(shape.slice(split))];
    }
    case "Squeeze":
      return squeeze(node, shape, axesOf(lowering, node));
    default:
      return unsqueeze(node, shape, axesOf(lowering, node));
  }
}

function axesOf(lowering: Lowering, node: OnnxNode): number[] | undefined {
  return intsAttribute(node, "axes") ?? optionalIntegers(lowering, node, 1);
}

function reshape(lowering: Lowering, node: OnnxNode, shape: number[]): number[] {
  const target = intsAttribute(node, "shape") ?? optionalIntegers(lowering, node, 1);
  if (target === undefined) throw new OnnxError("Reshape lacks its shape", node.name);
  const copyZero = intAttribute(node, "allowzero", 0) === 0;
  const result = target.map((length, i) => (length === 0 && copyZero ? shape[i] ?? -2 : length));
  const open = result.indexOf(-1);
  const rest = elementCount(result.filter((_, i) => i !== open));
  if (open >= 0) result[open] = rest === 0 ? 0 : elementCount(shape) / rest;
  const valid = result.every((length) => Number.isInteger(length) && length >= 0) &&
    elementCount(result) === elementCount(shape);
  if (!valid) {
    throw new OnnxError(`Reshape cannot give [${shape}] the shape [${target}]`, node.name);
  }
  return result;
}

function squeeze(node: OnnxNode, shape: number[], axes: number[] | undefined): number[] {
  const dropped = axes?.map((axis) => normaliseAxis(axis, shape.length, node));
  for (const axis of dropped ?? []) {
    if (shape[axis] !== 1) {
      throw new OnnxError(`Squeeze cannot drop axis ${axis} of [${shape}]`, node.name);
    }
  }
  return shape.filter((length, i) => (dropped ? !dropped.includes(i) : length !== 1));
}

function unsqueeze(node: OnnxNode, shape: number[], axes: number[] | undefined): number[] {
  if (axes === undefined) throw new OnnxError("Unsqueeze lacks its axes", node.name);
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => normaliseAxis(axis, rank, node)));
  if (added.size !== axes.length) throw new OnnxError("Unsqueeze names an axis twice", node.name);
  const rest = shape.values();
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : rest.next().value!));
}

/** The permutation of Transpose. */
export function permutationOf(node: OnnxNode, rank: number): number[] {
  const permutation = intsAttribute(node, "perm") ??
    Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const valid = permutation.length === rank &&
    permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i);
  if (!valid) {
    throw new OnnxError(
      `Transpose has perm [${permutation}], which is no permutation of ${rank} dimensions`,
      node.name,
    );
  }
  return permutation;
}

/** What Slice reads of a value. */
export function sliceRange(
  lowering: Lowering,
  node: OnnxNode,
  shape: number[],
): { starts: number[]; steps: number[]; shape: number[] } {
  const old = lowering.opset < 10;
  const given = (name: string, index: number): number[] | undefined =>
    old ? intsAttribute(node, name) : optionalIntegers(lowering, node, index);
  const starts = given("starts", 1);
  const ends = given("ends", 2);
  const axes = given("axes", 3) ?? starts?.map((_, i) => i);
  const steps = (old ? undefined : given("steps", 4)) ?? starts?.map(() => 1);
  if (
    !starts || !ends || !axes || !steps ||
    new Set([starts.length, ends.length, axes.length, steps.length]).size !== 1
  ) {
    throw new OnnxError("Slice has starts, ends, axes and steps of different lengths", node.name);
  }
  const result = { starts: shape.map(() => 0), steps: shape.map(() => 1), shape: [...shape] };
  for (const [i, given] of axes.entries()) {
    const axis = normaliseAxis(given, shape.length, node);
    const length = shape[axis];
    const step = steps[i];
    if (step === 0) throw new OnnxError("Slice has a step of 0", node.name);
    const bound = (position: number, low: number, high: number): number =>
      Math.min(Math.max(position < 0 ? position + length : position, low), high);
    const start = step > 0 ? bound(starts[i], 0, length) : bound(starts[i], 0, length - 1);
    const end = step > 0 ? bound(ends[i], 0, length) : bound(ends[i], -1, length - 1);
    result.starts[axis] = start;
    result.steps[axis] = step;
    result.shape[axis] = Math.max(0, Math.ceil((end - start) / step));
  }
  return result;
}

/** Axis and lengths of the outputs of Split. */
export function splitLengths(
  lowering: Lowering,
  node: OnnxNode,
  shape: number[],
): { axis: number; lengths: number[] } {
  const axis = normaliseAxis(intAttribute(node, "axis", 0), shape.length, node);
  const total = shape[axis];
  const count = intAttribute(node, "num_outputs", node.outputs.length);
  if (count !== node.outputs.length) {
    throw new OnnxError(`Split has ${node.outputs.length} outputs: expected ${count}`, node.name);
  }
  const part = Math.ceil(total / count);
  const lengths = intsAttribute(node, "split") ?? optionalIntegers(lowering, node, 1) ??
    node.outputs.map((_, i) => Math.max(0, Math.min(part, total - i * part)));
  const sum = lengths.reduce((left, right) => left + right, 0);
  const valid = lengths.length === count && sum === total && lengths.every((length) => length >= 0);
  if (!valid) {
    throw new OnnxError(
      `Split cannot divide ${total} into [${lengths}] for ${count} outputs`,
      node.name,
    );
  }
  return { axis, lengths };
}

/** Axes and keepdims of a reduction. */
export function reductionAxes(
  lowering: Lowering,
  node: OnnxNode,
  rank: number,
): { axes: number[]; keep: boolean } {
  const given = intsAttribute(node, "axes") ??
    (hasInput(node, 1) ? optionalIntegers(lowering, node, 1) : undefined);
  const keep = intAttribute(node, "keepdims", 1) !== 0;
  const all = Array.from({ length: rank }, (_, i) => i);
  if (given === undefined || given.length === 0) {
    const none = intAttribute(node, "noop_with_empty_axes", 0) !== 0;
    return { axes: none ? [] : all, keep };
  }
  const axes = [...new Set(given.map((axis) => normaliseAxis(axis, rank, node)))];
  return { axes: axes.sort((a, b) => a - b), keep };
}

/** The shape that Expand makes. */
export function expandedShape(lowering: Lowering, node: OnnxNode, shape: number[]): number[] {
  const target = optionalIntegers(lowering, node, 1);
  if (target === undefined) throw new OnnxError("Expand lacks its shape", node.name);
  const rank = Math.max(shape.length, target.length);
  return Array.from({ length: rank }, (_, i) => {
    const own = shape[i - rank + shape.length] ?? 1;
    const wanted = target[i - rank + target.length] ?? 1;
    if (own !== wanted && own !== 1 && wanted !== 1) {
      throw new OnnxError(`Expand cannot give [${shape}] the shape [${target}]`, node.name);
    }
    return own === 1 ? wanted : own;
  });
}

/** Amounts and value of Pad, per dimension. */
export function padAmounts(
  lowering: Lowering,
  node: OnnxNode,
  rank: number,
): { before: number[]; after: number[] } {
  const given = lowering.opset < 11 ? intsAttribute(node, "pads") : optionalIntegers(lowering, node, 1);
  const stated = lowering.opset >= 18 ? optionalIntegers(lowering, node, 3) : undefined;
  const axes = (stated ?? Array.from({ length: rank }, (_, i) => i)).map((axis) => normaliseAxis(axis, rank, node));
  if (given?.length !== 2 * axes.length) {
    throw new OnnxError(
      `Pad has pads [${given ?? ""}]: expected ${2 * axes.length} numbers`,
      node.name,
    );
  }
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    before[axis] = given[i];
    after[axis] = given[i + axes.length];
  }
  if ([...before, ...after].some((amount) => Math.abs(amount) > 2 ** 31)) {
    throw new UnsupportedReason("its pads are too large");
  }
  return { before, after };
}
