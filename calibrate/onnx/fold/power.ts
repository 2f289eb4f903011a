/**
 * Powers of constants.
 *
 * @module
 */

import { exponential } from "../../../runtime/numerics/exponential.ts";
import { logarithm } from "../../../runtime/numerics/logarithm.ts";

/** Greatest exponent of a power that is computed as a product. */
const MOST_FACTORS = 64;

/**
 * base^exponent, the same bits on every host: a product where the exponent is
 * an integer of at most 64 in magnitude, a square root where it is a half, else
 * with a relative error below 2^-40. NaN where there is no real power.
 */
export function power(base: number, exponent: number): number {
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
