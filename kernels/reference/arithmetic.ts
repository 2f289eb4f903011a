/**
 * Scalar arithmetic of the kernels, bit for bit: every f32 operation is
 * rounded by `Math.fround`, in the order that the kernels use.
 *
 * @module
 */

import { roundTiesToEven } from "../../runtime/numerics/float32.ts";

const round32 = Math.fround;

/** Bounds and zero point of a u8 result. */
export interface Rounding {
  low: number;
  high: number;
  zeroPoint: number;
}

/** f32 to u8: rounded, plus the zero point, clamped; a NaN counts as 0. */
export function toU8(value: number, { low, high, zeroPoint }: Rounding): number {
  const integer = (Number.isNaN(value) ? 0 : roundTiesToEven(value)) + zeroPoint;
  return Math.min(Math.max(integer, low), high);
}

/** Sum of f32 products in ascending order: `sum + x * w`, both rounded. */
export function multiplyAdd(sum: number, x: number, w: number): number {
  return round32(sum + round32(x * w));
}
