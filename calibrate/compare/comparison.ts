/**
 * What a comparison of methods gave.
 *
 * @module
 */

import { type Accuracy, accuracyOf } from "../accuracy.ts";
import { type Estimate, estimate, fidelityOf, type SampleFidelity } from "../fidelity.ts";
import type { CalibrationSettings } from "../settings.ts";

/** A figure over the calibration subsets. */
export interface Spread {
  /** Mean over the subsets. */
  mean: number;
  /** Standard deviation over the subsets; null where there is one. */
  deviation: number | null;
}

/** A figure over the calibration subsets that is itself one over the evaluation samples. */
export interface Measured extends Spread {
  /** Standard error that the number of evaluation samples leaves; null for one sample. */
  standardError: number | null;
}

/** What labels tell of a method. */
export interface RowAccuracy {
  /** Share of samples whose label came first, 0 to 1. */
  top1: Spread;
  /** Share of samples whose label was among the first five, 0 to 1. */
  top5: Spread;
  /**
   * Top-1 less that of the float network, mean over the subsets, -1 to 1. Its standard error is that of a mean over the
   * samples, each compared with itself.
   */
  difference: { mean: number; standardError: number };
}

/** One method's results. */
export interface ComparedRow {
  /** The method's name. */
  name: string;
  /** All of its settings. */
  settings: CalibrationSettings;
  /** Bytes of the bundle; of the largest where subsets give several. */
  bundleBytes: number;
  /** Kullback-Leibler divergence from the float network's classes in nats; null where the outputs are no classes. */
  divergence: Measured | null;
  /** Signal to quantisation noise ratio of the first output in dB; null where a subset gives no error at all. */
  sqnr: Measured | null;
  /** Share of samples that the float network gives the same class, 0 to 1; null where the outputs are no classes. */
  same: Measured | null;
  /** What labels tell; absent without labels. */
  accuracy?: RowAccuracy;
}

/** A comparison of methods. */
export interface Comparison {
  /** Name of the network. */
  network: string;
  /** The calibration: number of subsets, and of samples in each. */
  calibration: { subsets: number; samples: number };
  /** Number of evaluation samples. */
  samples: number;
  /** The float network on the evaluation samples; absent without labels. */
  float?: Accuracy;
  /** The methods, nearest to the float network first: by divergence, or else by SQNR. */
  rows: ComparedRow[];
}

/** How one program of a row did. */
export interface RowScore {
  /** Rank of each evaluation sample's label. */
  ranks: number[];
  /** Each evaluation sample's first output beside the float network's. */
  fidelity: SampleFidelity[];
  bundleBytes: number;
}

/**
 * Sums a row up.
 *
 * @param scores Of each subset's program.
 * @param float Rank of each evaluation sample's label in the float network's output; absent without labels.
 */
export function summarise(
  row: Pick<ComparedRow, "name" | "settings">,
  scores: readonly RowScore[],
  float: readonly number[] | undefined,
): ComparedRow {
  const fidelities = scores.map(({ fidelity }) => fidelityOf(fidelity));
  return {
    ...row,
    bundleBytes: Math.max(...scores.map(({ bundleBytes }) => bundleBytes)),
    divergence: measured(fidelities.map(({ divergence }) => divergence)),
    sqnr: measured(fidelities.map(({ sqnr }) => sqnr)),
    same: measured(fidelities.map(({ same }) => same)),
    ...(float && { accuracy: accuracyOfRow(scores, float) }),
  };
}

/** Orders rows: those nearest to the float network first. */
export function byFidelity(a: ComparedRow, b: ComparedRow): number {
  if (a.divergence && b.divergence) return a.divergence.mean - b.divergence.mean;
  return (b.sqnr?.mean ?? Infinity) - (a.sqnr?.mean ?? Infinity) || 0;
}

function accuracyOfRow(scores: readonly RowScore[], float: readonly number[]): RowAccuracy {
  const accuracies = scores.map(({ ranks }) => accuracyOf(ranks));
  const gains = float.map((rank, sample) =>
    scores.reduce((sum, { ranks }) => sum + Number(ranks[sample] < 1) - Number(rank < 1), 0) / scores.length
  );
  const { mean, standardError } = estimate(gains);
  return {
    top1: spreadOf(accuracies.map(({ top1 }) => top1)),
    top5: spreadOf(accuracies.map(({ top5 }) => top5)),
    difference: { mean, standardError: standardError ?? 0 },
  };
}

/** A figure of all subsets; null where one has none. Their samples are the same, so errors do not average out. */
function measured(estimates: readonly (Estimate | null)[]): Measured | null {
  if (!estimates.every((one) => one !== null)) return null;
  const errors = estimates.map(({ standardError }) => standardError);
  return {
    ...spreadOf(estimates.map(({ mean }) => mean)),
    standardError: errors.every((error) => error !== null) ? spreadOf(errors).mean : null,
  };
}

function spreadOf(values: readonly number[]): Spread {
  const { length } = values;
  const { mean, standardError } = estimate(values);
  return { mean, deviation: standardError === null ? null : standardError * Math.sqrt(length) };
}
