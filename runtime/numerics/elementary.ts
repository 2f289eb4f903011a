/**
 * Element-wise functions in double precision, bit for bit as the kernels
 * compute them, of additions, multiplications, divisions, square roots and
 * powers of two alone: ECMAScript leaves `Math.sinh` and the like to each
 * engine.
 *
 * @module
 */

import type { ElementaryFunction } from "../activation.ts";
import { exponential } from "./exponential.ts";
import { roundTiesToEven } from "./float32.ts";
import { logarithm, oddSeries } from "./logarithm.ts";
import { power } from "./power.ts";
import { sine } from "./sine.ts";

/** A function of a float32 with two parameters; its result is rounded to float32 afterwards. */
type Elementary = (x: number, a: number, b: number) => number;

/** The functions by their names. */
export const ELEMENTARY: Readonly<Record<ElementaryFunction, Elementary>> = {
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  exp: exponential,
  log: logarithm,
  power,
  sin: (x) => sine(x, 0),
  cos: (x) => sine(x, 1),
  tan: (x) => sine(x, 0) / sine(x, 1),
  asin: (x) => arcTangent(x / Math.sqrt((1 - x) * (1 + x))),
  acos: (x) => 2 * arcTangent(Math.sqrt((1 - x) / (1 + x))),
  atan: arcTangent,
  sinh: (x) => Math.abs(x) < 1e-3 ? x + x * x * x / 6 : (exponential(x) - exponential(-x)) * 0.5,
  cosh: (x) => (exponential(x) + exponential(-x)) * 0.5,
  asinh: (x) => Math.abs(x) < 1e-4 ? x - x * x * x / 6 : withSign(logarithm(Math.abs(x) + Math.sqrt(x * x + 1)), x),
  acosh: (x) => logarithm(x + Math.sqrt(x - 1) * Math.sqrt(x + 1)),
  atanh: (x) => withSign(0.5 * logarithmNear1(2 * Math.abs(x) / (1 - Math.abs(x))), x),
  softplus: (x) => (x > 0 ? x : 0) + logarithmNear1(exponential(-Math.abs(x))),
  softsign: (x) => x / (1 + Math.abs(x)),
  mish(x) {
    if (x > 20) return x;
    const e = exponential(x);
    const n = e * (e + 2);
    return x * n / (n + 2);
  },
  selu: (x, a, b) => x > 0 ? b * x : b * (a * exponentialLess1(x)),
  celu: (x, a) => x < 0 ? a * exponentialLess1(x / a) : x,
  thresholdedRelu: (x, a) => x > a ? x : 0,
  shrink: (x, a, b) => x < -a ? x + b : x > a ? x - b : 0,
  sign: (x) => x > 0 ? 1 : x < 0 ? -1 : x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  round: (x) => withSign(roundTiesToEven(x), x),
  truncate: Math.trunc,
  isNaN: (x) => truth(x !== x),
  isInfinite: (x, a, b) => truth((a !== 0 && x === Infinity) || (b !== 0 && x === -Infinity)),
  isZero: (x) => truth(x === 0),
  isNotZero: (x) => truth(x !== 0),
};

function truth(condition: boolean): number {
  return condition ? 1 : 0;
}

function withSign(magnitude: number, sign: number): number {
  return sign < 0 || Object.is(sign, -0) ? -Math.abs(magnitude) : Math.abs(magnitude);
}

/** e^x - 1. */
function exponentialLess1(x: number): number {
  return Math.abs(x) < 1e-5 ? x + x * x * 0.5 : exponential(x) - 1;
}

/** The natural logarithm of 1 + x. */
function logarithmNear1(x: number): number {
  return Math.abs(x) < 1e-5 ? x - x * x * 0.5 : logarithm(1 + x);
}

/** The angle whose tangent is x. */
function arcTangent(x: number): number {
  const m = Math.abs(x);
  const [base, t] = m > 2.414213562373095
    ? [Math.PI / 2, -1 / m]
    : m > 0.4142135623730951
    ? [Math.PI / 4, (m - 1) / (m + 1)]
    : [0, m];
  return withSign(base + (t + t * oddSeries(-(t * t))), x);
}
