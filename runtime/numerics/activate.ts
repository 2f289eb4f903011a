/**
 * The activation functions of a single value, bit for bit as the kernels
 * compute them.
 *
 * @module
 */

import type { ActivationKind } from "../activation.ts";
import { ELEMENTARY } from "./elementary.ts";
import { atLeast, atMost, erf, exp, sigmoid, tanh } from "./float32.ts";

const f = Math.fround;

/** Activation function of a kernel call; a and b as in the parameter block. */
export interface ActivationOptions {
  activation: ActivationKind;
  activationA?: number;
  activationB?: number;
  /** Slope of each channel, for "prelu". */
  slopes?: Float32Array;
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
    case "erf":
      return erf(x);
    default:
      return f(ELEMENTARY[options.activation](x, a, b));
  }
}
