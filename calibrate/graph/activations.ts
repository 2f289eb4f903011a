/**
 * What calibration knows of each activation function.
 *
 * @module
 */

import type { Activation, ActivationKind } from "../../runtime/activation.ts";
import type { ValueQuantization } from "../plan.ts";

/** An activation function before a grid for each channel. */
export interface ActivationOnGrids {
  /** The greatest value to which any channel's grid may reach, Infinity where there is none: the grid's end is then the bound. */
  limit: number;
  /** The positively homogeneous function that remains before the grids. */
  activation: Activation;
}

/** What is known of an activation function. */
export interface ActivationTraits<A extends Activation> {
  /** The numbers a and b of the kernels' parameter blocks; zeros where the function has none. */
  parameters(activation: A): [a: number, b: number];
  /** Whether each channel has a parameter of its own. */
  perChannel: boolean;
  /** Whether f(k x) = k f(x) for every k > 0, channel by channel. */
  homogeneous: boolean;
  /** How channels may have grids of their own behind it; undefined where it leaves them no choice. */
  onGrids(activation: A): ActivationOnGrids | undefined;
  /** The interval to which it limits its argument, where that is all it does. */
  bounds: ((activation: A) => [low: number, high: number]) | undefined;
  /** Whether a table may stand for it between 8-bit values: not where it jumps or has no bound near some number. */
  tabulated: boolean;
  /** Whether it makes gates: factors between 0 and 1, so that the other factor of a product may be scaled. */
  gate: boolean;
  /** Scale and zero point that its range alone settles, as in the TensorFlow Lite quantisation specification. */
  quantization: ValueQuantization | undefined;
}

/** The largest float16. Limits from there on guard an overflow and are no part of what a network computes. */
const NEVER_REACHED = 65504;

/** A function of one number without parameters. */
const CURVE = {
  onGrids: () => undefined,
  parameters: (): [number, number] => [0, 0],
  perChannel: false,
  homogeneous: false,
  bounds: undefined,
  tabulated: true,
  gate: false,
  quantization: undefined,
};

/** A function that jumps, or has no bound near some number. */
const STEEP = { ...CURVE, tabulated: false };

/** What homogeneous functions have in common. */
const HOMOGENEOUS = {
  homogeneous: true,
  onGrids: (activation: Activation): ActivationOnGrids => ({ limit: Infinity, activation }),
};

/** What is known of each activation function. */
export type Activations = { readonly [K in ActivationKind]: ActivationTraits<Extract<Activation, { kind: K }>> };

/** What is known of each activation function, by its name. */
export const ACTIVATIONS: Activations = {
  identity: { ...CURVE, ...HOMOGENEOUS },
  relu: { ...CURVE, ...HOMOGENEOUS, bounds: () => [0, Infinity] },
  clip: {
    ...CURVE,
    parameters: ({ min, max }) => [min, max],
    bounds: ({ min, max }) => [min, max],
    onGrids({ min, max }) {
      if (!(min === 0 || min <= -NEVER_REACHED) || !(max > 0)) return undefined;
      const limit = max >= NEVER_REACHED ? Infinity : max;
      return { limit, activation: { kind: min === 0 ? "relu" : "identity" } };
    },
  },
  leakyRelu: { ...CURVE, ...HOMOGENEOUS, parameters: ({ alpha }) => [alpha, 0] },
  prelu: { ...CURVE, ...HOMOGENEOUS, perChannel: true },
  hardSwish: CURVE,
  hardSigmoid: {
    ...CURVE,
    parameters: ({ alpha, beta }) => [alpha, beta],
    gate: true,
    quantization: { scale: Math.fround(1 / 255), zeroPoint: 0 },
  },
  sigmoid: { ...CURVE, gate: true, quantization: { scale: 1 / 256, zeroPoint: 0 } },
  silu: CURVE,
  gelu: CURVE,
  geluTanh: CURVE,
  elu: { ...CURVE, parameters: ({ alpha }) => [alpha, 0] },
  tanh: { ...CURVE, quantization: { scale: 1 / 128, zeroPoint: 128 } },
  erf: { ...CURVE, quantization: { scale: 1 / 128, zeroPoint: 128 } },
  sqrt: CURVE,
  reciprocal: STEEP,
  exp: CURVE,
  log: STEEP,
  power: { ...STEEP, parameters: ({ exponent }) => [exponent, 0] },
  sin: CURVE,
  cos: CURVE,
  tan: STEEP,
  asin: CURVE,
  acos: CURVE,
  atan: CURVE,
  sinh: CURVE,
  cosh: CURVE,
  asinh: CURVE,
  acosh: CURVE,
  atanh: STEEP,
  softplus: CURVE,
  softsign: CURVE,
  mish: CURVE,
  selu: { ...CURVE, parameters: ({ alpha, gamma }) => [alpha, gamma] },
  celu: { ...CURVE, parameters: ({ alpha }) => [alpha, 0] },
  thresholdedRelu: { ...STEEP, parameters: ({ alpha }) => [alpha, 0] },
  shrink: { ...STEEP, parameters: ({ lambda, bias }) => [lambda, bias] },
  sign: STEEP,
  abs: CURVE,
  floor: STEEP,
  ceil: STEEP,
  round: STEEP,
  truncate: STEEP,
  isNaN: STEEP,
  isInfinite: { ...STEEP, parameters: ({ positive, negative }) => [Number(positive), Number(negative)] },
  isZero: STEEP,
  isNotZero: STEEP,
};

/** Whether a factor on the result may be a factor on the argument instead: limits are then in the result's units. */
export function passesFactors(activation: { kind: ActivationKind }): boolean {
  const { homogeneous, bounds } = activationTraits(activation);
  return homogeneous || bounds !== undefined;
}

/** What is known of an activation function, to be asked about this one alone. */
export function activationTraits({ kind }: { kind: ActivationKind }): ActivationTraits<Activation> {
  // The compiler does not see that the table's key and the function's type go together.
  return ACTIVATIONS[kind] as ActivationTraits<Activation>;
}

/** Whether channels may have grids of their own behind an activation function. */
export function allowsFactors(activation: Activation): boolean {
  return onGrids(activation) !== undefined;
}

/** How channels may have grids of their own behind an activation function; undefined where they may not. */
export function onGrids(activation: Activation): ActivationOnGrids | undefined {
  return activationTraits(activation).onGrids(activation);
}
