/**
 * What mixed precision did, and what it costs.
 *
 * @module
 */

import { decibels } from "../decibels.ts";
import { estimateTime } from "../program/estimate_time.ts";
import type { CalibrationSettings } from "../settings.ts";
import type { MixedNetwork } from "../stages/quantize_mixed.ts";
import type { LayerSensitivity } from "../stages/rank_layers.ts";
import type { Precision } from "../stages/refine_layers.ts";

/** A layer that was ranked. */
export interface RankedLayer {
  /** Name in the source network. */
  name: string;
  /** The precision that it would get, or got. */
  precision: Precision;
  /**
   * SQNR in dB of the network's first output with this precision, before any correction; null without any error. For a
   * layer that was chosen, with all that were chosen before it.
   */
  sqnr: number | null;
  /** What it adds to that SQNR, in dB; null without any error. */
  gain: number | null;
  /** Bytes that the bundle grows by. */
  bytes: number;
  /** Time that a run takes longer, as a share of that with no such layer; an estimate, the same on every host. */
  time: number;
}

/** Mixed precision in a report. */
export interface PrecisionReport {
  /** The layers that got more precision, in the order in which they were chosen. */
  kept: RankedLayer[];
  /** All layers that could get it, that first which gains most alone. */
  ranking: RankedLayer[];
  /** SQNR in dB of the network's first output with no such layer, before any correction; null without any error. */
  sqnr: number | null;
  /** Constants with no such layer and with those that are kept. */
  bytes: { none: number; kept: number };
  /** Time that a run with those that are kept takes longer, as a share of that with no such layer; an estimate. */
  time: number;
}

/** What became of a limit on the loss of accuracy. */
export interface DropReport {
  /** What was lost, in percentage points. */
  points: number;
  /** The limit. */
  target: number;
  /** What it is measured by: top-1 accuracy, or the share of samples whose class differs from the float network's. */
  measure: "top-1" | "changed classes";
}

/**
 * Describes mixed precision.
 *
 * @param labelled Whether accuracies could be measured.
 * @returns Nothing where no layer was to be kept.
 */
export function describePrecision(
  { quantized, ranking, kept, drop }: MixedNetwork,
  { targetDrop }: CalibrationSettings,
  labelled: boolean,
): { drop?: DropReport; precision?: PrecisionReport } {
  const loss: DropReport | undefined = drop === undefined
    ? undefined
    : { points: drop * 100, target: targetDrop!, measure: labelled ? "top-1" : "changed classes" };
  if (!ranking || kept.length === 0) return { ...(loss && { drop: loss }) };
  const { program, data } = ranking.quantized;
  const whole = estimateTime(program);
  const ranked = (layers: readonly LayerSensitivity[]) =>
    layers.map(({ name, precision, noise, gain, bytes, time }): RankedLayer => ({
      name,
      precision,
      sqnr: decibels(1, noise),
      gain,
      bytes,
      time: time / whole,
    }));
  return {
    ...(loss && { drop: loss }),
    precision: {
      kept: ranked(kept),
      ranking: ranked(ranking.layers),
      sqnr: decibels(1, ranking.noise),
      bytes: { none: data.length, kept: quantized.program.data.length },
      time: estimateTime(quantized.program.program) / whole - 1,
    },
  };
}
