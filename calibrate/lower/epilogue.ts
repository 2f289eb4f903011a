/**
 * What kernels do with a result before they store it.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { ActivationAttributes, EpilogueAttributes } from "../../runtime/kernels/epilogue.ts";
import { activationTraits } from "../graph/activations.ts";

/** The activation function of what was activated before, or needs none. */
export const IDENTITY: Activation = { kind: "identity" };

/** The activation function of a step. */
export function activationAttributes(activation: Activation): ActivationAttributes {
  const parameters = activationTraits(activation).parameters(activation).map(finite);
  return { activation: activation.kind, activationParameters: parameters };
}

/** A float32 that stands for an absent bound. */
function finite(value: number): number {
  return Math.fround(Math.min(3.4028234663852886e38, Math.max(-3.4028234663852886e38, value)));
}

/** The epilogue of a result that is not rounded to u8. */
export function floatEpilogue(activation: Activation): EpilogueAttributes {
  return { ...activationAttributes(activation), outputScale: 1, clamp: [0, 255] };
}
