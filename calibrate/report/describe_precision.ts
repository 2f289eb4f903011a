/**
 * What mixed precision did, and what it costs.
 *
 * @module
 */

import { decibels } from "../decibels.ts";
import { type Profile, profileProgram } from "../profile/profile.ts";
import type { Lowered } from "../program/lower.ts";
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
  /** Bytes that the bundle grows by. */
  bytes: number;
}

/** A layer that got more precision. */
export interface KeptLayer extends RankedLayer {
  /** Time that it takes longer than without, on one sample; noisy. */
  milliseconds: number;
}

/** Mixed precision in a report. */
export interface PrecisionReport {
  /** The layers that got more precision, in the order in which they were chosen. */
  kept: KeptLayer[];
  /** All layers that could get it, that first which gains most alone. */
  ranking: RankedLayer[];
  /** SQNR in dB of the network's first output with no such layer, before any correction; null without any error. */
  sqnr: number | null;
  /** Constants with no such layer and with those that are kept. */
  bytes: { none: number; kept: number };
  /** Median time of a run with no such layer and with those that are kept. */
  milliseconds: { none: number; kept: number };
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

/** Runs that are timed. */
const RUNS = 20;

/**
 * Describes mixed precision; profiles the network with and without it.
 *
 * @param labelled Whether accuracies could be measured.
 * @returns Nothing where no layer was to be kept.
 */
export async function describePrecision(
  { quantized, ranking, kept, drop }: MixedNetwork,
  { targetDrop }: CalibrationSettings,
  labelled: boolean,
): Promise<{ drop?: DropReport; precision?: PrecisionReport }> {
  const loss: DropReport | undefined = drop === undefined
    ? undefined
    : { points: drop * 100, target: targetDrop!, measure: labelled ? "top-1" : "changed classes" };
  if (!ranking || kept.length === 0) return { ...(loss && { drop: loss }) };
  const programs = [ranking.quantized, quantized.program];
  const [none, mixed] = [await profileOf(programs[0]), await profileOf(programs[1])];
  const ranked = (layers: readonly LayerSensitivity[]) =>
    layers.map(({ name, precision, noise, bytes }) => ({ name, precision, sqnr: decibels(1, noise), bytes }));
  return {
    ...(loss && { drop: loss }),
    precision: {
      kept: ranked(kept).map((layer) => ({
        ...layer,
        milliseconds: timeOf(mixed, layer.name) - timeOf(none, layer.name),
      })),
      ranking: ranked(ranking.layers),
      sqnr: decibels(1, ranking.noise),
      bytes: { none: programs[0].data.length, kept: programs[1].data.length },
      milliseconds: { none: none.milliseconds, kept: mixed.milliseconds },
    },
  };
}

/** Profiles a program for a report. */
export async function profileOf(program: Lowered): Promise<Profile> {
  return await profileProgram(program, { runs: RUNS });
}

function timeOf(profile: Profile, name: string): number {
  return profile.layers.reduce((sum, layer) => layer.name === name ? sum + layer.milliseconds : sum, 0);
}
