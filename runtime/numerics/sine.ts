/**
 * Sine and cosine in double precision, of additions, multiplications and
 * integers alone: ECMAScript leaves `Math.sin` to each engine.
 *
 * @module
 */

/** 32 zeros, and the first 256 bits of 2 / pi behind its point. */
const TWO_OVER_PI = 0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561n;
const BITS = 32 + 256;
/** 1 / (k (k - 1)) for k = 15, 13, ..., 3. */
const SINE = [210, 156, 110, 72, 42, 20, 6].map((divisor) => 1 / divisor);
/** 1 / (k (k - 1)) for k = 14, 12, ..., 2. */
const COSINE = [182, 132, 90, 56, 30, 12, 2].map((divisor) => 1 / divisor);

const view = new DataView(new ArrayBuffer(4));

/**
 * The sine of an angle and of quarter turns more; the same bits on every host.
 * NaN where the angle is not finite.
 *
 * @param angle In radians, a float32 of any magnitude.
 * @param quarters 0 gives the sine of the angle, 1 its cosine.
 */
export function sine(angle: number, quarters: 0 | 1): number {
  const magnitude = Math.abs(angle);
  if (!(magnitude < Infinity)) return NaN;
  const { turns, rest } = magnitude < 0.5 ? { turns: 0, rest: magnitude } : reduce(magnitude);
  const quadrant = turns + quarters;
  const z = rest * rest;
  const value = (quadrant & 1) === 0 ? rest + rest * series(z, SINE) : 1 + series(z, COSINE);
  const isNegative = angle < 0 || Object.is(angle, -0);
  return ((quadrant & 2) !== 0) !== (quarters === 0 && isNegative) ? -value : value;
}

/** -c z (1 - d z (1 - ...)) with the last of the coefficients c, d, ... first. */
function series(z: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = -z * coefficient * (1 + sum);
  return sum;
}

/** Quarter turns in an angle from 0.5 on, to the nearest whole number, and the angle that remains (Payne and Hanek). */
function reduce(angle: number): { turns: number; rest: number } {
  view.setFloat32(0, angle);
  const bits = view.getUint32(0);
  const fraction = BigInt((bits & 0x7fffff) | 0x800000);
  // The angle is fraction * 2^exponent: quarters come from bits of 2 / pi that weigh 2^(1 - exponent) and less.
  const exponent = (bits >>> 23) - 150;
  const window = BigInt.asUintN(96, TWO_OVER_PI >> BigInt(BITS - (exponent + 30) - 96));
  // Each product of 32 bits of the window is shifted for itself, as the kernels do it.
  const part = (shift: bigint) => fraction * BigInt.asUintN(32, window >> shift);
  const product = BigInt.asUintN(64, (part(64n) << 32n) + part(32n) + (part(0n) >> 32n));
  const rest = Number(BigInt.asIntN(64, product << 2n)) * 2 ** -64;
  return { turns: Number(product >> 62n) + (rest < 0 ? 1 : 0), rest: rest * (Math.PI / 2) };
}
