/**
 * The functions of one number that a kernel can apply to its result before it is
 * rounded, activation functions and all others that are element-wise, with the
 * number that each one has in the kernels' parameter blocks.
 *
 * @module
 */

/** An activation function and its parameters. */
export type Activation =
  | { kind: "identity" }
  | { kind: "relu" }
  | { kind: "clip"; min: number; max: number }
  | { kind: "leakyRelu"; alpha: number }
  | { kind: "prelu" }
  | { kind: "hardSwish" }
  | { kind: "hardSigmoid"; alpha: number; beta: number }
  | { kind: "sigmoid" }
  | { kind: "silu" }
  | { kind: "gelu" }
  | { kind: "geluTanh" }
  | { kind: "elu"; alpha: number }
  | { kind: "tanh" }
  | { kind: "erf" }
  | { kind: "power"; exponent: number }
  | { kind: "selu"; alpha: number; gamma: number }
  | { kind: "celu"; alpha: number }
  | { kind: "thresholdedRelu"; alpha: number }
  | { kind: "shrink"; lambda: number; bias: number }
  | { kind: "isInfinite"; positive: boolean; negative: boolean }
  | { [K in PlainFunction]: { kind: K } }[PlainFunction];

/** Functions without parameters that are computed in double precision; "isZero" and the like give 1 or 0. */
export type PlainFunction =
  | "sqrt"
  | "reciprocal"
  | "exp"
  | "log"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "softplus"
  | "softsign"
  | "mish"
  | "sign"
  | "abs"
  | "floor"
  | "ceil"
  | "round"
  | "truncate"
  | "isNaN"
  | "isZero"
  | "isNotZero";

/** The functions that are computed in double precision. */
export type ElementaryFunction =
  | PlainFunction
  | "power"
  | "selu"
  | "celu"
  | "thresholdedRelu"
  | "shrink"
  | "isInfinite";

/** The name of an activation function. */
export type ActivationKind = Activation["kind"];

/** The number of each activation function in the kernels' parameter blocks. */
export const ACTIVATION_CODES: Readonly<Record<ActivationKind, number>> = {
  identity: 0,
  relu: 1,
  clip: 2,
  leakyRelu: 3,
  prelu: 4,
  hardSwish: 5,
  hardSigmoid: 6,
  sigmoid: 7,
  silu: 8,
  gelu: 9,
  geluTanh: 10,
  elu: 11,
  tanh: 12,
  erf: 13,
  sqrt: 14,
  reciprocal: 15,
  exp: 16,
  log: 17,
  power: 18,
  sin: 19,
  cos: 20,
  tan: 21,
  asin: 22,
  acos: 23,
  atan: 24,
  sinh: 25,
  cosh: 26,
  asinh: 27,
  acosh: 28,
  atanh: 29,
  softplus: 30,
  softsign: 31,
  mish: 32,
  selu: 33,
  celu: 34,
  thresholdedRelu: 35,
  shrink: 36,
  sign: 37,
  abs: 38,
  floor: 39,
  ceil: 40,
  round: 41,
  truncate: 42,
  isNaN: 43,
  isInfinite: 44,
  isZero: 45,
  isNotZero: 46,
};
