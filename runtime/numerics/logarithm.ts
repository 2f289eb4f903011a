/**
 * The natural logarithm in double precision, of additions, multiplications and
 * divisions alone: ECMAScript leaves `Math.log` to each engine.
 *
 * @module
 */

/** The natural logarithm of 2 in two parts; the upper one has 32 bits, so that its multiples are exact. */
const LN2_HIGH = 0.693147180369123816490;
const LN2_LOW = 1.90821492927058770002e-10;
const LEAST_NORMAL = 2 ** -1022;
/** 1 / (2 k + 1) for k = 11 down to 1. */
const COEFFICIENTS = Float64Array.from({ length: 11 }, (_, index) => 1 / (23 - 2 * index));

const view = new DataView(new ArrayBuffer(8));

/**
 * The natural logarithm with a relative error below 2^-51; the same bits on
 * every host. NaN below 0, -Infinity at 0.
 *
 * With x = 2^e m, 1 / sqrt 2 < m <= sqrt 2 and s = (m - 1) / (m + 1), log m is 2 (s + s^3 / 3 + s^5 / 5 + ...).
 */
export function logarithm(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const shift = x < LEAST_NORMAL ? 54 : 0;
  view.setFloat64(0, x * 2 ** shift);
  const high = view.getUint32(0);
  let exponent = (high >>> 20) - 1023 - shift;
  view.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let fraction = view.getFloat64(0);
  if (fraction > Math.SQRT2) {
    fraction /= 2;
    exponent++;
  }
  const s = (fraction - 1) / (fraction + 1);
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * s * oddSeries(s * s) + 2 * s);
}

/** z / 3 + z^2 / 5 + z^3 / 7 + ..., to z^11, for |z| below 0.2. */
export function oddSeries(z: number): number {
  let sum = 0;
  for (const coefficient of COEFFICIENTS) sum = (sum + coefficient) * z;
  return sum;
}
