/**
 * Arithmetic of shapes.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";

/** Lengths of a tensor's dimensions, from the outermost. */
export type Shape = readonly number[];

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** The shape that two shapes broadcast to by NumPy's rules; undefined where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** Row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Elements of a tensor from one index of each dimension of a shape that it broadcasts to to the next. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]);
}

/** Elements before, in and after the dimensions from one to another. */
export function aroundAxes(shape: Shape, first: number, last = first): [outer: number, within: number, inner: number] {
  return [
    elementCount(shape.slice(0, first)),
    elementCount(shape.slice(first, last + 1)),
    elementCount(shape.slice(last + 1)),
  ];
}

/** The dimensions of a shape, one of them last. */
export function axisLast(shape: Shape, axis: number): number[] {
  return [...shape.keys()].filter((other) => other !== axis).concat(axis);
}
