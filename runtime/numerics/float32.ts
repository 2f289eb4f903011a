/**
 * Arithmetic of float32 as the kernels do it, bit for bit: every operation is
 * rounded by `Math.fround`, in the order that the kernels use.
 *
 * @module
 */

/** The largest float32. */
export const LARGEST_FLOAT32 = 3.4028234663852886e38;

const f = Math.fround;

const EXP = [0.0013814569, 0.0083687305, 0.04166839, 0.16666521, 0.49999994].map(f);
const TANH_SMALL = [-0.0059058606, 0.020805378, -0.05378668, 0.13331959, -0.33333299].map(f);
const ERF_SMALL = [7.647116e-5, -0.00079423556, 0.0051797493, -0.026848592, 0.1128343, -0.37612605, 1.1283791].map(f);
const ERF_LARGE = [0.96384233, -1.1706011, 1.114915, -0.13692975, 0.22822794].map(f);
const LOG2_E = f(Math.LOG2E);
const LN2_HIGH = f(0.69314575);
const LN2_LOW = f(1.4286068e-6);

/**
 * Rounds to the nearest integer, ties to even; a NaN stays.
 *
 * @param value A number of magnitude below 2^51, or not finite.
 */
export function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
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

function horner(x: number, coefficients: readonly number[]): number {
  return coefficients.slice(1).reduce((sum, c) => f(f(sum * x) + c), coefficients[0]);
}

/** e^x, x clamped to -87..88; relative error below 3e-7. */
export function exp(value: number): number {
  const x = atMost(atLeast(value, -87), 88);
  const n = roundTiesToEven(f(x * LOG2_E));
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  const tail = f(f(horner(r, EXP) * f(r * r)) + r);
  return f(f(tail + 1) * 2 ** n);
}

/**
 * Error function: an odd polynomial below 1, 1 - t p(t) e^-x^2 with
 * t = 1 / (1 + 0.3275911 x) above; absolute error below 3e-7.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  const square = f(x * x);
  if (magnitude < 1) return f(x * horner(square, ERF_SMALL));
  const t = f(1 / f(1 + f(magnitude * f(0.3275911))));
  const p = f(horner(t, ERF_LARGE) * t);
  return withSign(f(1 - f(p * exp(-square))), x);
}

/** Hyperbolic tangent: an odd polynomial below 0.6, 1 - 2 / (e^2x + 1) above. */
export function tanh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < f(0.6)) {
    const square = f(x * x);
    return f(x + f(f(x * square) * horner(square, TANH_SMALL)));
  }
  return withSign(f(1 - f(2 / f(exp(f(magnitude + magnitude)) + 1))), x);
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return f(1 / f(1 + exp(-x)));
}

function withSign(magnitude: number, sign: number): number {
  return sign < 0 || Object.is(sign, -0) ? -Math.abs(magnitude) : magnitude;
}
