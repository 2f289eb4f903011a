/**
 * Scalar reference of the activation functions, bit for bit.
 *
 * @module
 */

import type { ActivationKind } from "../../runtime/activation.ts";
import { atLeast, atMost, roundTiesToEven } from "./arithmetic.ts";

const f = Math.fround;

const EXP = [0.0013814569, 0.0083687305, 0.04166839, 0.16666521, 0.49999994].map(f);
const TANH_SMALL = [-0.0059058606, 0.020805378, -0.05378668, 0.13331959, -0.33333299].map(f);
const ERF_SMALL = [7.647116e-5, -0.00079423556, 0.0051797493, -0.026848592, 0.1128343, -0.37612605, 1.1283791].map(f);
const ERF_LARGE = [0.96384233, -1.1706011, 1.114915, -0.13692975, 0.22822794].map(f);
const LOG2_E = f(Math.LOG2E);
const LN2_HIGH = f(0.69314575);
const LN2_LOW = f(1.4286068e-6);

/** Activation function of a kernel call; a and b as in the parameter block. */
export interface ActivationOptions {
  activation: ActivationKind;
  activationA?: number;
  activationB?: number;
  /** Slope of each channel, for "prelu". */
  slopes?: Float32Array;
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

function unit(x: number): number {
  return atMost(atLeast(x, 0), 1);
}

function gate(x: number, y: number): number {
  return f(f(x * 0.5) * f(y + 1));
}

/** Applies an activation function to an f32 value of a channel. */
export function activate(x: number, options: ActivationOptions, channel: number): number {
  const a = f(options.activationA ?? 0);
  const b = f(options.activationB ?? 0);
  switch (options.activation) {
    case "identity":
      return x;
    case "relu":
      return atLeast(x, 0);
    case "clip":
      return atMost(atLeast(x, a), b);
    case "leakyRelu":
      return x < 0 ? f(x * a) : x;
    case "prelu":
      return x < 0 ? f(x * options.slopes![channel]) : x;
    case "hardSwish":
      return f(x * unit(f(f(x * f(1 / 6)) + 0.5)));
    case "hardSigmoid":
      return unit(f(f(x * a) + b));
    case "sigmoid":
      return sigmoid(x);
    case "silu":
      return f(x * sigmoid(x));
    case "gelu":
      return gate(x, erf(f(x * f(Math.SQRT1_2))));
    case "geluTanh": {
      const cube = f(f(x * x) * x);
      return gate(x, tanh(f(f(x + f(cube * f(0.044715))) * f(0.7978846))));
    }
    case "elu":
      return x < 0 ? f(a * f(exp(x) - 1)) : x;
    case "tanh":
      return tanh(x);
  }
}

/** Reference of "activation_f32": channel of element i is i modulo `channels`. */
export function activationF32(input: Float32Array, options: ActivationOptions & { channels: number }): Float32Array {
  return input.map((x, i) => activate(x, options, i % options.channels));
}
