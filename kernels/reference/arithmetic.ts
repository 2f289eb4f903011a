/**
 * Scalar arithmetic of the kernels, bit for bit: every f32 operation is
 * rounded by `Math.fround`, in the order that the kernels use.
 *
 * @module
 */

const round32 = Math.fround;

/** Nearest integer, ties to even; a NaN stays. */
export function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `value` where it is not less than `low`; a NaN stays. */
export function atLeast(value: number, low: number): number {
  return value < low ? low : value;
}

/** `value` where it is not greater than `high`; a NaN stays. */
export function atMost(value: number, high: number): number {
  return high < value ? high : value;
}

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
