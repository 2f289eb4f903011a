/**
 * Operators that select, join or pad parts of values.
 *
 * @module
 */

import type { Value } from "../../graph.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { emitConcat, emitPad, emitRange, emitReshape, emitSlice } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import { type Lowering, normaliseAxis, operand, optionalConstant } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { padAmounts, sliceRange, splitLengths } from "../shape_arguments.ts";

/** Lowers Slice. */
export function lowerSlice(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  return emitSlice(lowering, input, sliceRange(lowering, node, input.shape));
}

/** Lowers Split. */
export function lowerSplit(lowering: Lowering, node: OnnxNode): Value[] {
  const input = operand(lowering, node, 0);
  const { axis, lengths } = splitLengths(lowering, node, input.shape);
  let start = 0;
  return lengths.map((length) => {
    const part = emitRange(lowering, input, { axis, start, length });
    start += length;
    return part;
  });
}

/** Lowers Gather with constant indices of at most one dimension. */
export function lowerGather(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const axis = normaliseAxis(intAttribute(node, "axis", 0), input.shape.length, node);
  const tensor = optionalConstant(lowering, node, 1);
  if (tensor === undefined) throw new OnnxError("Gather lacks its indices", node.name);
  const length = input.shape[axis];
  const indices = Array.from(tensor.data, (index) => (index < 0 ? index + length : index));
  if (!indices.every((index) => Number.isInteger(index) && index >= 0 && index < length)) {
    throw new OnnxError(`Gather has an index beyond the ${length} of axis ${axis}`, node.name);
  }
  const parts = runsOf(indices).map(({ start, step, count }) =>
    emitSlice(lowering, input, {
      starts: input.shape.map((_, i) => (i === axis ? start : 0)),
      steps: input.shape.map((_, i) => (i === axis ? step : 1)),
      shape: input.shape.map((own, i) => (i === axis ? count : own)),
    })
  );
  const shape = [...input.shape];
  shape.splice(axis, 1, ...tensor.shape);
  return emitReshape(lowering, emitConcat(lowering, parts, axis), shape);
}

function runsOf(indices: number[]): { start: number; step: number; count: number }[] {
  const runs: { start: number; step: number; count: number }[] = [];
  for (const index of indices) {
    const run = runs.at(-1);
    const step = run && (run.count === 1 ? index - run.start : run.step);
    if (run && step !== 0 && index === run.start + run.count * step!) {
      run.step = step!;
      run.count++;
    } else {
      runs.push({ start: index, step: 1, count: 1 });
    }
  }
  return runs;
}

/** Lowers Concat. */
export function lowerConcat(lowering: Lowering, node: OnnxNode): Value {
  if (node.inputs.length === 0) throw new OnnxError("Concat has no inputs", node.name);
  const inputs = node.inputs.map((_, i) => operand(lowering, node, i));
  const axis = normaliseAxis(intAttribute(node, "axis", 1), inputs[0].shape.length, node);
  return emitConcat(lowering, inputs, axis);
}

/** Lowers Pad in its constant mode. */
export function lowerPad(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { before, after } = padAmounts(lowering, node, input.shape.length);
  const value = lowering.opset < 11
    ? floatAttribute(node, "value", 0)
    : optionalConstant(lowering, node, 2)?.data[0] ?? 0;
  if (Number.isNaN(value)) throw new OnnxError("Pad has a value that is not a number", node.name);
  return emitPad(lowering, input, { before, after, value });
}
