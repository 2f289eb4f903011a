/**
 * The choices of method that distinguish one calibration from another.
 *
 * @module
 */

import { InputError, InputRangeError } from "../runtime/errors.ts";

/** Which weights share a scale. */
export type WeightGranularity = "per-channel" | "per-tensor";

/** Bits of weights. */
export type WeightBits = 8 | 4;

/** What the squared error of a weight counts: the same for all, or the mean square of the input that it multiplies. */
export type WeightError = "plain" | "input";

/** How weights are rounded: each to its nearest level, or so that later ones make up for the errors of earlier ones. */
export type WeightRounding = "nearest" | "gptq";

/** Methods that choose activation scales. */
export type ScaleMethod = "qmse" | "minmax" | "percentile" | "entropy";

/** What is corrected: mean and variance, the mean alone, or the line of least squares. */
export type CorrectionMode = "moments" | "mean" | "lsq";

/** What the statistics are brought to: the float network's on the same samples, or BatchNormalization's own beta and gamma. */
export type CorrectionTarget = "measured" | "bn";

/** The method of a calibration: everything but the network, the samples and the way of running. */
export interface CalibrationSettings {
  /** Which weights share a scale; "per-channel" by default. */
  weights: WeightGranularity;
  /** Bits of weights: 4 for all layers but those that lose most by it; 8 by default. */
  weightBits: WeightBits;
  /** At 4 bits, weights of an output channel that share a multiplier: a multiple of 4, 0 for all; 32 by default. */
  weightGroup: number;
  /** What the squared error of a weight counts when its scale is chosen; "input" by default. */
  weightError: WeightError;
  /** How weights are rounded; "gptq" by default at 4 bits, else "nearest". */
  rounding: WeightRounding;
  /** Method that chooses scales; "qmse" by default. */
  scales: ScaleMethod;
  /** Whether channels are equalised between layers, which leaves the float network's function as it is; true by default. */
  equalize: boolean;
  /** Correction of batch statistics; "moments" by default. */
  usp: CorrectionMode | "off";
  /** What statistics are brought to; "measured" by default. */
  uspTarget: CorrectionTarget;
  /** Number of layers that stay in float, those that lose most; 0 by default. */
  keepFloat: number;
  /** Instead of their number, the percentage points of top-1 accuracy that may be lost. */
  targetDrop?: number;
}

/** What is done where nothing else is asked for. */
export const DEFAULT_SETTINGS: Readonly<Omit<CalibrationSettings, "rounding">> = {
  weights: "per-channel",
  weightBits: 8,
  weightGroup: 32,
  weightError: "input",
  scales: "qmse",
  equalize: true,
  usp: "moments",
  uspTarget: "measured",
  keepFloat: 0,
};

/** What a calibration does beside choosing scales and correcting statistics, in words. */
export function describeMethods(settings: CalibrationSettings): string {
  const { equalize, weightBits, weightGroup, weightError, rounding, keepFloat } = settings;
  return [
    ...(equalize ? ["equalised"] : []),
    ...(weightBits === 4 ? [`4-bit weights${weightGroup > 0 ? ` in groups of ${weightGroup}` : ""}`] : []),
    ...(weightError === "input" ? ["weight error by input"] : []),
    ...(rounding === "gptq" ? ["GPTQ rounding"] : []),
    ...(keepFloat > 0 ? [`${keepFloat} ${keepFloat === 1 ? "layer" : "layers"} in float32`] : []),
  ].join(", ");
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} Where a number is out of range.
 * @throws {TypeError} Where both a number of float layers and a target are given.
 */
export function completeSettings(settings: Partial<CalibrationSettings>): CalibrationSettings {
  const { weights, weightBits, weightGroup, weightError, scales, equalize, usp, uspTarget, keepFloat, targetDrop } = {
    ...DEFAULT_SETTINGS,
    ...settings,
  };
  if (weightBits !== 8 && weightBits !== 4) throw new InputRangeError(`weightBits must be 8 or 4: got ${weightBits}`);
  if (!Number.isInteger(weightGroup) || weightGroup < 0 || weightGroup % 4 !== 0) {
    throw new InputRangeError(`weightGroup must be a multiple of 4, or 0: got ${weightGroup}`);
  }
  if (!Number.isInteger(keepFloat) || keepFloat < 0) {
    throw new InputRangeError(`keepFloat must be a whole number, 0 or more: got ${keepFloat}`);
  }
  if (targetDrop !== undefined && !(targetDrop >= 0 && targetDrop <= 100)) {
    throw new InputRangeError(`targetDrop must be a number of percentage points from 0 to 100: got ${targetDrop}`);
  }
  if (targetDrop !== undefined && keepFloat > 0) throw new InputError("keepFloat and targetDrop exclude each other");
  const rounding = settings.rounding ?? (weightBits === 4 ? "gptq" : "nearest");
  return {
    ...{ weights, weightBits, weightGroup, weightError, rounding, scales, equalize, usp, uspTarget, keepFloat },
    ...(targetDrop !== undefined && { targetDrop }),
  };
}
