/**
 * Constant tensors read in another order.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import { sameShape } from "../../graph/shape.ts";
import { stridesOf } from "../../graph/shape.ts";
import { type Lowering, reserve } from "../lowering.ts";
import type { Tensor } from "../tensor.ts";

/** How elements are found: the offset of the first and the stride along each dimension of the result. */
export interface Reading {
  shape: number[];
  offset: number;
  strides: number[];
}

/** The tensor whose element at an index is source[offset + index * strides]. */
function readStrided(lowering: Lowering, source: Tensor, reading: Reading): Tensor {
  const { shape, offset, strides } = reading;
  const count = elementCount(shape);
  const data = reserve(lowering, source.type, shape);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    data[to] = source.data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return { type: source.type, shape, data };
}

/** A tensor broadcast to a shape that it fits. */
export function broadcastTensor(lowering: Lowering, source: Tensor, shape: number[]): Tensor {
  if (sameShape(source.shape, shape)) return source;
  const missing = shape.length - source.shape.length;
  const own = stridesOf(source.shape);
  const strides = shape.map((_, i) => (i < missing || source.shape[i - missing] === 1 ? 0 : own[i - missing]));
  return readStrided(lowering, source, { shape, offset: 0, strides });
}

/** A tensor with permuted dimensions. */
export function transposeTensor(lowering: Lowering, source: Tensor, permutation: readonly number[]): Tensor {
  const own = stridesOf(source.shape);
  return readStrided(lowering, source, {
    shape: permutation.map((axis) => source.shape[axis]),
    offset: 0,
    strides: permutation.map((axis) => own[axis]),
  });
}

/** Part of a tensor. */
export function sliceTensor(
  lowering: Lowering,
  source: Tensor,
  range: { starts: number[]; steps: number[]; shape: number[] },
): Tensor {
  const own = stridesOf(source.shape);
  return readStrided(lowering, source, {
    shape: range.shape,
    offset: own.reduce((sum, stride, i) => sum + stride * range.starts[i], 0),
    strides: own.map((stride, i) => stride * range.steps[i]),
  });
}

/** Tensors joined along an axis. */
export function concatTensors(lowering: Lowering, parts: readonly Tensor[], axis: number): Tensor {
  const shape = [...parts[0].shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const outer = elementCount(shape.slice(0, axis));
  const data = reserve(lowering, parts[0].type, shape);
  let to = 0;
  for (let i = 0; i < outer; i++) {
    for (const part of parts) {
      const run = elementCount(part.shape.slice(axis));
      for (let k = 0; k < run; k++) data[to++] = part.data[i * run + k];
    }
  }
  return { type: parts[0].type, shape, data };
}

/** A tensor within a frame of one value. */
export function padTensor(
  lowering: Lowering,
  source: Tensor,
  { before, after, value }: { before: number[]; after: number[]; value: number },
): Tensor {
  const shape = source.shape.map((length, i) => before[i] + length + after[i]);
  const data = reserve(lowering, source.type, shape).fill(value);
  const strides = stridesOf(shape);
  const own = stridesOf(source.shape);
  for (let from = 0; from < source.data.length; from++) {
    let to = 0;
    let inside = true;
    for (let axis = 0; axis < shape.length; axis++) {
      const position = Math.floor(from / own[axis]) % source.shape[axis] + before[axis];
      inside &&= position >= 0 && position < shape[axis];
      to += position * strides[axis];
    }
    if (inside) data[to] = source.data[from];
  }
  return { type: source.type, shape, data };
}
