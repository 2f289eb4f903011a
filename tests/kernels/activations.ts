/**
 * Random activation functions and their fields in a parameter block.
 *
 * @module
 */

import { ACTIVATION_CODES, type ActivationKind } from "../../runtime/activation.ts";
import type { Random } from "./harness.ts";

/** Every activation function. */
export const kinds = Object.keys(ACTIVATION_CODES) as ActivationKind[];

/** An activation function with its parameters, and slopes where it is "prelu". */
export interface RandomActivation {
  activation: ActivationKind;
  activationA: number;
  activationB: number;
  slopes: Float32Array;
}

/** Draws parameters for a function. */
export function randomActivation(kind: ActivationKind, channels: number, draw: Random): RandomActivation {
  const slopes = draw.f32(channels, -1, 1);
  const a = draw.float(0.05, 0.5);
  if (kind === "clip") return { activation: kind, activationA: -a, activationB: draw.float(0, 6), slopes };
  return { activation: kind, activationA: a, activationB: draw.float(0, 1), slopes };
}
