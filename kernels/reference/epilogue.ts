/**
 * Scalar reference of what follows the sums of a kernel.
 *
 * @module
 */

import { activate, type ActivationOptions } from "../../runtime/numerics/activate.ts";
import { type Rounding, toU8 } from "./arithmetic.ts";

/** Activation, scale and rounding of a result. */
export interface EpilogueOptions extends ActivationOptions {
  outputType: "u8" | "f32";
  outputZeroPoint: number;
  clampLow: number;
  clampHigh: number;
  outputScale: number;
}

/** Result of an f32 value: activation, then for "u8" scale, clamp, rounding and zero point. */
export function finish(value: number, options: EpilogueOptions, channel: number): number {
  const v = activate(value, options, channel);
  if (options.outputType === "f32") return v;
  const rounding: Rounding = {
    low: options.clampLow,
    high: options.clampHigh,
    zeroPoint: options.outputZeroPoint,
  };
  return toU8(Math.fround(v * Math.fround(options.outputScale)), rounding);
}
