/**
 * The exponential function in double precision, of additions, multiplications
 * and powers of two alone: ECMAScript leaves `Math.exp` to each engine.
 *
 * @module
 */

const LOG2_E = 1.4426950408889634;
/** The natural logarithm of 2 in two parts; the upper one has 32 bits, so that its multiples are exact. */
const LN2_HIGH = 0.693147180369123816490;
const LN2_LOW = 1.90821492927058770002e-10;
/** Beyond these, the result is more than the greatest number, or less than half of the least one. */
const GREATEST = 709.782712893384;
const LEAST = -745.1332191019412;
/** 1 / k! for k = 14 down to 0. */
const COEFFICIENTS = Float64Array.from({ length: 15 }, (_, index) => 1 / factorial(14 - index));

/** e^x with a relative error below 2^-51; the same bits on every host. */
export function exponential(x: number): number {
  if (x !== x) return NaN;
  if (x > GREATEST) return Infinity;
  if (x < LEAST) return 0;
  const power = Math.floor(x * LOG2_E + 0.5);
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  let sum = 0;
  for (const coefficient of COEFFICIENTS) sum = sum * rest + coefficient;
  const half = Math.trunc(power / 2);
  return sum * 2 ** half * 2 ** (power - half);
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
