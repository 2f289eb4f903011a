/**
 * The choices of method that distinguish one calibration from another.
 *
 * @module
 */

import type { CorrectionMode, CorrectionTarget } from "./correct/correct_layer.ts";
import type { ScaleMethod } from "./quantize/choose_grid.ts";
import type { WeightGranularity } from "./quantize/quantize_weights.ts";

/** The method of a calibration: everything but the network, the samples and the way of running. */
export interface CalibrationSettings {
  /** Which weights share a scale; "per-channel" by default. */
  weights: WeightGranularity;
  /** Method that chooses scales; "qmse" by default. */
  scales: ScaleMethod;
  /** Whether channels are equalised between layers, which leaves the float network's function as it is; true by default. */
  equalize: boolean;
  /** Correction of batch statistics; "moments" by default. */
  usp: CorrectionMode | "off";
  /** What statistics are brought to; "measured" by default. */
  uspTarget: CorrectionTarget;
}

/** What is done where nothing else is asked for. */
export const DEFAULT_SETTINGS: Readonly<CalibrationSettings> = {
  weights: "per-channel",
  scales: "qmse",
  equalize: true,
  usp: "moments",
  uspTarget: "measured",
};

/** What a calibration does beside choosing scales and correcting statistics, in words. */
export function describeMethods({ equalize }: CalibrationSettings): string {
  return equalize ? "equalised" : "";
}

/** Fills in the defaults. */
export function completeSettings(settings: Partial<CalibrationSettings>): CalibrationSettings {
  const { weights, scales, equalize, usp, uspTarget } = { ...DEFAULT_SETTINGS, ...settings };
  return { weights, scales, equalize, usp, uspTarget };
}
