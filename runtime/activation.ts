/**
 * The activation functions that a kernel can apply to its result before it is
 * rounded, with the number that each one has in the kernels' parameter blocks.
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
  | { kind: "tanh" };

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
};
