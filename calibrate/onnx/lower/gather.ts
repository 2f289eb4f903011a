/**
 * Operators that choose elements by indices.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { aroundAxes, axisLast, stridesOf } from "../../graph/shape.ts";
import { intAttribute, stringAttribute } from "../attributes.ts";
import { emit, emitBinary, emitConcat, emitRange, emitReshape, emitSlice, emitTranspose } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { emitGather, MOST_RUNS, runsOf } from "../gather.ts";
import {
  anyOperand,
  constantValue,
  type Lowering,
  normaliseAxis,
  numberValue,
  operand,
  optionalConstant,
} from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** Integers from there on are no longer all numbers of float32. */
const LARGEST_INDEX = 2 ** 24;

/** Lowers Gather: slices where few constant indices do with them. */
export function lowerGather(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const axis = normaliseAxis(intAttribute(node, "axis", 0), input.shape.length, node);
  const given = lowering.constants.get(node.inputs[1]);
  const length = input.shape[axis];
  if (given) {
    const indices = Array.from(given.data, (index) => (index < 0 ? index + length : index));
    requireIndices(node, { indices, length, axis });
    if (runsOf(indices).length <= MOST_RUNS) {
      const gathered = emitGather(lowering, input, { axis, indices });
      return emitReshape(lowering, gathered, input.shape.toSpliced(axis, 1, ...given.shape));
    }
  }
  const indices = operand(lowering, node, 1);
  const rows = emitRows(lowering, input, {
    rows: aroundAxes(input.shape, axis),
    indices: emitReshape(lowering, indices, [elementCount(indices.shape)]),
  });
  return emitReshape(lowering, rows, input.shape.toSpliced(axis, 1, ...indices.shape));
}

function requireIndices(
  node: OnnxNode,
  { indices, length, axis }: { indices: readonly number[]; length: number; axis: number },
): void {
  if (!indices.every((index) => Number.isInteger(index) && index >= 0 && index < length)) {
    throw new OnnxError(`${node.operator} has an index beyond the ${length} of axis ${axis}`, node.name);
  }
}

/** Rows of a value by indices of one dimension, or of two where each outer position has its own. */
function emitRows(
  lowering: Lowering,
  input: Value,
  { rows, indices }: { rows: [number, number, number]; indices: Value },
): Value {
  const batched = indices.shape.length === 2;
  if (rows[1] > LARGEST_INDEX) {
    throw new UnsupportedReason(`it chooses among ${rows[1]} rows: expected ${LARGEST_INDEX}`);
  }
  if (!input.data) {
    return emit(lowering, [emitReshape(lowering, input, rows), indices], { op: "gather", rows, batched });
  }
  const result = emit(lowering, [indices], { op: "gather", table: input.data, rows, batched });
  result.type = input.type;
  return result;
}

/** Lowers GatherElements: along the last dimension, to which the axis is moved. */
export function lowerGatherElements(lowering: Lowering, node: OnnxNode): Value {
  const [input, indices] = [anyOperand(lowering, node, 0), operand(lowering, node, 1)];
  const rank = input.shape.length;
  const axis = normaliseAxis(intAttribute(node, "axis", 0), rank, node);
  const { shape } = indices;
  if (shape.length !== rank || shape.some((length, i) => i !== axis && length > input.shape[i])) {
    throw new OnnxError(`GatherElements has indices [${shape}] for [${input.shape}]`, node.name);
  }
  const part = emitSlice(lowering, input, {
    starts: shape.map(() => 0),
    steps: shape.map(() => 1),
    shape: shape.map((length, i) => i === axis ? input.shape[axis] : length),
  });
  const last = axisLast(shape, axis);
  const [data, places] = [part, indices].map((value) => emitTranspose(lowering, value, last));
  const outer = elementCount(shape) / shape[axis];
  const chosen = emitRows(lowering, data, {
    rows: [outer, input.shape[axis], 1],
    indices: emitReshape(lowering, places, [outer, shape[axis]]),
  });
  const moved = emitReshape(lowering, chosen, last.map((own) => shape[own]));
  return emitTranspose(lowering, moved, shape.map((_, own) => last.indexOf(own)));
}

/** Lowers GatherND: indices along several dimensions become indices along one. */
export function lowerGatherNd(lowering: Lowering, node: OnnxNode): Value {
  const [input, indices] = [anyOperand(lowering, node, 0), operand(lowering, node, 1)];
  const batch = intAttribute(node, "batch_dims", 0);
  const depth = indices.shape.at(-1) ?? 0;
  const end = batch + depth;
  const same = indices.shape.slice(0, batch).every((length, i) => length === input.shape[i]);
  if (!same || depth < 1 || end > input.shape.length || batch >= indices.shape.length) {
    throw new OnnxError(`GatherND has indices [${indices.shape}] for [${input.shape}]`, node.name);
  }
  const lengths = input.shape.slice(batch, end);
  const outer = elementCount(input.shape.slice(0, batch));
  const count = elementCount(indices.shape.slice(batch, -1));
  const flat = flatIndices(lowering, indices, lengths);
  const rows = emitRows(lowering, input, {
    rows: [outer, elementCount(lengths), elementCount(input.shape.slice(end))],
    indices: emitReshape(lowering, flat, batch > 0 ? [outer, count] : [count]),
  });
  return emitReshape(lowering, rows, [...indices.shape.slice(0, -1), ...input.shape.slice(end)]);
}

/** Indices along several dimensions, last in a value, as indices along all of them; one beyond them becomes NaN. */
function flatIndices(lowering: Lowering, indices: Value, lengths: readonly number[]): Value {
  if (lengths.length === 1) return indices;
  const axis = indices.shape.length - 1;
  const strides = stridesOf(lengths);
  const parts = lengths.map((length, start) => {
    const index = fromFront(lowering, emitRange(lowering, indices, { axis, start, length: 1 }), length);
    const isLow = emitBinary(lowering, "less", [index, numberValue(lowering, 0)]);
    const isHigh = emitBinary(lowering, "lessOrEqual", [numberValue(lowering, length), index]);
    const isBeyond = emitBinary(lowering, "maximum", [isLow, isHigh]);
    const inside = emit(lowering, [isBeyond, numberValue(lowering, NaN), index], { op: "select" });
    return emitBinary(lowering, "multiply", [inside, numberValue(lowering, strides[start])]);
  });
  return parts.reduce((sum, part) => emitBinary(lowering, "add", [sum, part]));
}

/** Indices of which negative ones counted from the end. */
function fromFront(lowering: Lowering, index: Value, length: number): Value {
  const isNegative = emitBinary(lowering, "less", [index, numberValue(lowering, 0)]);
  const raised = emitBinary(lowering, "add", [index, numberValue(lowering, length)]);
  return emit(lowering, [isNegative, raised, index], { op: "select" });
}

/** Lowers TopK of a constant number: indices along the last dimension, to which the axis is moved, and what they choose. */
export function lowerTopK(lowering: Lowering, node: OnnxNode): Value[] {
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  const axis = normaliseAxis(intAttribute(node, "axis", -1), rank, node);
  const count = lowering.opset < 10 ? intAttribute(node, "k", 0) : optionalConstant(lowering, node, 1)!.data[0];
  const length = input.shape[axis];
  if (!(Number.isInteger(count) && count >= 1 && count <= length)) {
    throw new OnnxError(`TopK seeks ${count} of ${length} numbers`, node.name);
  }
  const last = axisLast(input.shape, axis);
  const data = emitTranspose(lowering, input, last);
  const smallest = lowering.opset >= 11 && intAttribute(node, "largest", 1) === 0;
  const indices = emit(lowering, [data], { op: "topIndices", count, smallest });
  const outer = elementCount(data.shape) / length;
  const values = emitRows(lowering, data, {
    rows: [outer, length, 1],
    indices: emitReshape(lowering, indices, [outer, count]),
  });
  const back = input.shape.map((_, own) => last.indexOf(own));
  return [emitReshape(lowering, values, indices.shape), indices].map((value) => emitTranspose(lowering, value, back));
}

/** Lowers CumSum along a constant axis. */
export function lowerCumSum(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const [given] = optionalConstant(lowering, node, 1)!.data;
  return emit(lowering, [input], {
    op: "cumulativeSum",
    axis: normaliseAxis(given, input.shape.length, node),
    exclusive: intAttribute(node, "exclusive", 0) !== 0,
    reverse: intAttribute(node, "reverse", 0) !== 0,
  });
}

/** Lowers OneHot of a constant depth. */
export function lowerOneHot(lowering: Lowering, node: OnnxNode): Value {
  const indices = anyOperand(lowering, node, 0);
  const depth = optionalConstant(lowering, node, 1)!.data[0];
  const rank = indices.shape.length + 1;
  const axis = normaliseAxis(intAttribute(node, "axis", -1), rank, node);
  if (!(depth >= 1 && depth <= LARGEST_INDEX)) throw new UnsupportedReason(`its depth is ${depth}`);
  const places = constantValue(lowering, {
    type: "float32",
    shape: Array.from({ length: rank }, (_, i) => i === axis ? depth : 1),
    data: Float32Array.from({ length: depth }, (_, i) => i),
  });
  const index = fromFront(lowering, emitReshape(lowering, indices, indices.shape.toSpliced(axis, 0, 1)), depth);
  const isHot = emitBinary(lowering, "equal", [index, places]);
  const values = anyOperand(lowering, node, 2);
  const [off, on] = [0, 1].map((start) =>
    values.data
      ? constantValue(lowering, { type: "float32", shape: [], data: values.data.slice(start, start + 1) })
      : emitReshape(lowering, emitRange(lowering, values, { axis: 0, start, length: 1 }), [])
  );
  const result = emit(lowering, [isHot, on, off], { op: "select" });
  result.type = values.type;
  return result;
}

/** Lowers ScatterND by constant indices: rows are chosen from those that were and those that come. */
export function lowerScatterNd(lowering: Lowering, node: OnnxNode): Value {
  const input = anyOperand(lowering, node, 0);
  const indices = requireScatter(lowering, node);
  const depth = indices.shape.at(-1) ?? 0;
  const lengths = input.shape.slice(0, depth);
  const strides = stridesOf(lengths);
  const places = Array.from(
    { length: indices.data.length / depth },
    (_, row) =>
      lengths.reduce((sum, length, axis) => {
        const given = indices.data[row * depth + axis];
        const index = given < 0 ? given + length : given;
        requireIndices(node, { indices: [index], length, axis });
        return sum + index * strides[axis];
      }, 0),
  );
  return replaceRows(lowering, node, { input, places, inner: elementCount(input.shape.slice(depth)) });
}

/** Lowers ScatterElements, which was once Scatter, by constant indices. */
export function lowerScatterElements(lowering: Lowering, node: OnnxNode): Value {
  const input = anyOperand(lowering, node, 0);
  const indices = requireScatter(lowering, node);
  const axis = normaliseAxis(intAttribute(node, "axis", 0), input.shape.length, node);
  const [own, strides] = [stridesOf(indices.shape), stridesOf(input.shape)];
  const length = input.shape[axis];
  const places = Array.from(indices.data, (given, at) => {
    const index = given < 0 ? given + length : given;
    requireIndices(node, { indices: [index], length, axis });
    return own.reduce((sum, stride, i) => {
      const position = Math.floor(at / stride) % indices.shape[i];
      return sum + (i === axis ? index : position) * strides[i];
    }, 0);
  });
  return replaceRows(lowering, node, { input, places, inner: 1 });
}

function requireScatter(lowering: Lowering, node: OnnxNode) {
  const reduction = stringAttribute(node, "reduction", "none");
  if (reduction !== "none") throw new UnsupportedReason(`its reduction is ${reduction}`);
  return optionalConstant(lowering, node, 1)!;
}

/** A value in which rows are replaced by those of the third input. */
function replaceRows(
  lowering: Lowering,
  node: OnnxNode,
  { input, places, inner }: { input: Value; places: readonly number[]; inner: number },
): Value {
  const count = elementCount(input.shape) / inner;
  const updates = anyOperand(lowering, node, 2);
  if (elementCount(updates.shape) !== places.length * inner) {
    throw new OnnxError(
      `${node.operator} has updates of shape [${updates.shape}] for ${places.length} rows`,
      node.name,
    );
  }
  const chosen = Float32Array.from({ length: count }, (_, i) => i);
  places.forEach((place, row) => chosen[place] = count + row);
  const all = emitConcat(
    lowering,
    [emitReshape(lowering, input, [count, inner]), emitReshape(lowering, updates, [places.length, inner])],
    0,
  );
  const indices = constantValue(lowering, { type: "float32", shape: [count], data: chosen });
  const rows = emitRows(lowering, all, { rows: [1, count + places.length, inner], indices });
  return emitReshape(lowering, rows, input.shape);
}
