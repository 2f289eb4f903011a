/**
 * Powers in double precision.
 *
 * @module
 */

import { exponential } from "./exponential.ts";
import { logarithm } from "./logarithm.ts";

/** Greatest exponent of a power that is computed as a product. */
const MOST_FACTORS = 64;

/**
 * base^exponent, the same bits on every host: a product where the exponent is
 * an integer of at most 64 in magnitude, a square root where it is a half, else
 * with a relative error below 2^-40. NaN where there is no real power. As in C,
 * and unlike in ECMAScript, 1 to any power is 1, and -1 to an infinite one.
 */
export function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  const integer = Number.isInteger(exponent);
  if (integer && Math.abs(exponent) <= MOST_FACTORS) {
    const product = productOf(base, Math.abs(exponent));
    return exponent < 0 ? 1 / product : product;
  }
  if (exponent === 0.5 && base >= 0) return Math.sqrt(base);
  if (base < 0 && Number.isFinite(exponent) && !integer) return NaN;
  const magnitude = exponential(exponent * logarithm(Math.abs(base)));
  const negative = base < 0 || Object.is(base, -0);
  return negative && integer && exponent % 2 !== 0 ? -magnitude : magnitude;
}

/** The product of as many equal factors, by repeated squaring. */
function productOf(factor: number, count: number): number {
  let product = 1;
  for (let square = factor, rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product *= square;
    square *= square;
  }
  return product;
}
