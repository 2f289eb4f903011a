/**
 * When two answers count as the same.
 *
 * @module
 */

import type { Tensor } from "../../runtime/model.ts";

/** How far an element may be from the value that is expected. */
export interface Tolerance {
  /** As a share of the value. */
  relative: number;
  /** As a share of the largest magnitude of the tensor. */
  ofLargest: number;
  /** Whatever the value is. */
  absolute: number;
}

/** Says where a tensor is not the one that is expected, or gives undefined. */
export function difference(
  got: Tensor | undefined,
  expected: { shape: readonly number[]; data: ArrayLike<number> },
  { relative, ofLargest, absolute }: Tolerance,
): string | undefined {
  if (!got) return "is missing";
  const { shape, data } = expected;
  if (got.shape.join() !== shape.join()) return `has shape [${got.shape}], expected [${shape}]`;
  if (got.data.length !== data.length) return `has ${got.data.length} elements, expected ${data.length}`;
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) largest = Math.max(largest, Math.abs(data[i]));
  }
  for (let i = 0; i < data.length; i++) {
    const [one, other] = [got.data[i], Math.fround(data[i])];
    if (Object.is(one, other) || one === other) continue;
    const isNear = Number.isFinite(other) &&
      Math.abs(one - other) <= relative * Math.abs(other) + ofLargest * largest + absolute;
    if (isNear) continue;
    return `element ${i} of ${data.length} is ${one}, expected ${other}`;
  }
  return undefined;
}
