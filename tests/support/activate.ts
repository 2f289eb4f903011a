/**
 * Definitions that tests hold against kernels.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";

/** The definition of an activation function, in double precision. */
export function activate(x: number, activation: Activation, slope: number): number {
  switch (activation.kind) {
    case "identity":
      return x;
    case "relu":
      return Math.max(0, x);
    case "clip":
      return Math.min(activation.max, Math.max(activation.min, x));
    case "leakyRelu":
      return x < 0 ? activation.alpha * x : x;
    case "prelu":
      return x < 0 ? slope * x : x;
    case "hardSwish":
      return x * Math.min(6, Math.max(0, x + 3)) / 6;
    case "hardSigmoid":
      return Math.min(1, Math.max(0, activation.alpha * x + activation.beta));
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "silu":
      return x / (1 + Math.exp(-x));
    case "gelu":
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case "geluTanh":
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case "elu":
      return x < 0 ? activation.alpha * Math.expm1(x) : x;
    case "tanh":
      return Math.tanh(x);
  }
}

/** Error function by its Maclaurin series; for |x| < 5. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

/** Nearest integer, ties to even, plus the zero point, within 0..255. */
export function clampedRound(value: number, zeroPoint: number): number {
  const rounder = 6755399441055744;
  return Math.min(255, Math.max(0, value + rounder - rounder + zeroPoint));
}
