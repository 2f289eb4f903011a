/**
 * What a comparison of methods gave.
 *
 * @module
 */

import { type Accuracy, accuracyOf, gainOf } from "../accuracy.ts";
import { type Estimate, estimate } from "../estimate.ts";
import { fidelityOf, type SampleFidelity } from "../fidelity.ts";
import type { CalibrationSettings } from "../settings.ts";

/** A figure over the calibration subsets, of which each gives one over the evaluation samples. */
export interface Measured extends Estimate {
  /** Standard deviation over the subsets; null where there is one. */
  deviation: number | null;
}

/** What labels tell of a method. */
export interface RowAccuracy {
  /** Share of samples whose label came first, 0 to 1. */
  top1: Measured;
  /** Share of samples whose label was among the first five, 0 to 1. */
  top5: Measured;
  /** Top-1 less that of the float network, -1 to 1. Its standard error is that of samples compared with themselves. */
  difference: Measured;
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

/** Orders rows: those nearest to the float network first, those that are not finite last. */
export function byFidelity(a: ComparedRow, b: ComparedRow): number {
  const [one, other] = [a, b].map(({ divergence, sqnr }) =>
    divergence ? divergence.mean : sqnr ? -sqnr.mean : -Infinity
  );
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return one === other ? 0 : one - other;
}

function accuracyOfRow(scores: readonly RowScore[], float: readonly number[]): RowAccuracy {
  const accuracies = scores.map(({ ranks }) => accuracyOf(ranks));
  const share = (which: "top1" | "top5") =>
    measured(
      accuracies.map((accuracy) => ({ mean: accuracy[which], standardError: accuracy.standardErrors[which] })),
    )!;
  return {
    top1: share("top1"),
    top5: share("top5"),
    difference: measured(scores.map(({ ranks }) => gainOf(ranks, float)))!,
  };
}

/**
 * A figure of all subsets; null where one has none. Their evaluation samples are the same, so errors do not average out.
 */
function measured(estimates: readonly (Estimate | null)[]): Measured | null {
  if (!estimates.every((one) => one !== null)) return null;
  const { mean, standardError } = estimate(estimates.map(({ mean }) => mean));
  const errors = estimates.map(({ standardError }) => standardError);
  return {
    mean,
    deviation: standardError === null ? null : standardError * Math.sqrt(estimates.length),
    standardError: errors.every((error) => error !== null) ? estimate(errors).mean : null,
  };
}
