/**
 * What a comparison of methods gave.
 *
 * @module
 */

import { type Accuracy, accuracyOf } from "../accuracy.ts";
import { decibels } from "../decibels.ts";
import type { CalibrationSettings } from "../settings.ts";

/** A quantity over the calibration subsets. */
export interface Spread {
  /** Mean over the subsets. */
  mean: number;
  /** Standard deviation over the subsets; null where there is one. */
  deviation: number | null;
}

/** One method's results. */
export interface ComparedRow {
  /** The method's name. */
  name: string;
  /** All of its settings. */
  settings: CalibrationSettings;
  /** Bytes of the bundle; of the largest where subsets give several. */
  bundleBytes: number;
  /** Share of samples whose label came first, 0 to 1. */
  top1: Spread;
  /** Share of samples whose label was among the first five, 0 to 1. */
  top5: Spread;
  /** Signal to quantisation noise ratio of the first output in dB; null where a subset gives no error at all. */
  logitSqnr: Spread | null;
  /**
   * Top-1 less that of the float network, mean over the subsets, -1 to 1. Its standard error is that of a mean over the
   * samples, each compared with itself.
   */
  difference: { mean: number; standardError: number };
}

/** A comparison of methods. */
export interface Comparison {
  /** Name of the network. */
  network: string;
  /** The calibration: number of subsets, and of samples in each. */
  calibration: { subsets: number; samples: number };
  /** The float network on the evaluation samples. */
  float: Accuracy;
  /** The methods, in the order that was asked for. */
  rows: ComparedRow[];
}

/** How one program of a row did. */
export interface RowScore {
  /** Rank of each evaluation sample's label. */
  ranks: number[];
  /** Energy of the error of all samples' first outputs. */
  noise: number;
  bundleBytes: number;
}

/** Sums a row up. @param scores Of each subset's program. @param float Of the float network. */
export function summarise(
  row: Pick<ComparedRow, "name" | "settings">,
  scores: readonly RowScore[],
  float: { ranks: readonly number[]; signal: number },
): ComparedRow {
  const accuracies = scores.map(({ ranks }) => accuracyOf(ranks));
  const sqnr = scores.map(({ noise }) => decibels(float.signal, noise));
  const gains = float.ranks.map((rank, sample) =>
    scores.reduce((sum, { ranks }) => sum + Number(ranks[sample] < 1) - Number(rank < 1), 0) / scores.length
  );
  const { mean, deviation } = spreadOf(gains);
  return {
    ...row,
    bundleBytes: Math.max(...scores.map(({ bundleBytes }) => bundleBytes)),
    top1: spreadOf(accuracies.map(({ top1 }) => top1)),
    top5: spreadOf(accuracies.map(({ top5 }) => top5)),
    logitSqnr: sqnr.every((value) => value !== null) ? spreadOf(sqnr) : null,
    difference: { mean, standardError: (deviation ?? 0) / Math.sqrt(gains.length) },
  };
}

function spreadOf(values: readonly number[]): Spread {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: length > 1 ? Math.sqrt(squares / (length - 1)) : null };
}
