/**
 * Samples that are far from all others, with what they do to the result.
 *
 * @module
 */

import { listed } from "../dataset/unusable_samples.ts";
import { decibels } from "../decibels.ts";
import type { Outlier } from "../observe/outliers.ts";
import type { SampleComparison } from "../stream/comparison.ts";

/** A sample that is far from all others, or makes most of the error. */
export interface OutlierReport {
  /** Position among the samples of the calibration. */
  sample: number;
  /** Its file where it has one of its own, else its position in the data. */
  name: string;
  /** The value that is farthest from its usual size; absent where none is. */
  value?: string;
  /** Greatest magnitude of the value for the sample; null where it is not finite. */
  magnitude?: number | null;
  /** Its median over the samples. */
  usual?: number;
  /** Share of the squared error of the first output that is this sample's, 0 to 1; absent where it was left out. */
  shareOfError?: number;
}

/** What outliers do to a calibration. */
export interface OutliersReport {
  /** Those that the calibration saw, in the samples' order. */
  seen: OutlierReport[];
  /** SQNR in dB of the first output on the other samples that were compared; null without an error. */
  sqnrOfOthers: number | null;
  /** Those that were left out. */
  dropped: OutlierReport[];
}

/** Least share of the error by which a sample counts as an outlier whatever its values. */
const MOST_SHARE = 0.5;
/** Least number of samples of which one can have too great a share. */
const LEAST_SAMPLES = 16;

/** Energies of the first output, sample by sample. */
export class OutputErrors {
  readonly #seen: { sample: number; signal: number; noise: number }[] = [];

  /** @param output Name of the first output's value. */
  constructor(readonly output: string) {}

  /** Adds the comparison of a sample. */
  take({ signal, programs }: SampleComparison, sample: number): void {
    const noise = programs.at(-1)!.noise.get(this.output) ?? 0;
    this.#seen.push({ sample, signal: signal.get(this.output) ?? 0, noise });
  }

  /** Each sample's share of the squared error, 0 to 1. */
  shares(): Map<number, number> {
    const total = this.#seen.reduce((sum, { noise }) => sum + noise, 0);
    return new Map(this.#seen.map(({ sample, noise }) => [sample, total > 0 ? noise / total : 0]));
  }

  /** SQNR in dB without some samples; null without an error. */
  sqnrWithout(samples: ReadonlySet<number>): number | null {
    const rest = this.#seen.filter(({ sample }) => !samples.has(sample));
    const [signal, noise] = rest.reduce(([s, n], { signal, noise }) => [s + signal, n + noise], [0, 0]);
    return decibels(signal, noise);
  }
}

/** Reports outliers. @returns Undefined where there are none. */
export function describeOutliers(
  seen: readonly Outlier[],
  dropped: readonly Outlier[],
  errors: OutputErrors,
  nameOf: (sample: number) => string,
): OutliersReport | undefined {
  const shares = errors.shares();
  const known = new Map(seen.map((outlier) => [outlier.sample, describe(outlier, nameOf, shares)]));
  for (const [sample, shareOfError] of shares) {
    if (shares.size >= LEAST_SAMPLES && shareOfError > MOST_SHARE && !known.has(sample)) {
      known.set(sample, { sample, name: nameOf(sample), shareOfError });
    }
  }
  if (known.size === 0 && dropped.length === 0) return undefined;
  return {
    seen: [...known.values()].sort((a, b) => a.sample - b.sample),
    sqnrOfOthers: errors.sqnrWithout(new Set(known.keys())),
    dropped: dropped.map((outlier) => describe(outlier, nameOf)),
  };
}

function describe(
  { sample, value, magnitude, usual }: Outlier,
  nameOf: (sample: number) => string,
  shares?: ReadonlyMap<number, number>,
): OutlierReport {
  const shareOfError = shares?.get(sample);
  return {
    sample,
    name: nameOf(sample),
    value,
    magnitude: Number.isFinite(magnitude) ? magnitude : null,
    usual,
    ...(shareOfError !== undefined && { shareOfError }),
  };
}

/** Outliers as sentences. */
export function outlierSentences({ seen, sqnrOfOthers, dropped }: OutliersReport): string[] {
  const sentences: string[] = [];
  if (seen.length > 0) {
    const others = sqnrOfOthers === null ? "" : ` On the others the output has ${sqnrOfOthers.toFixed(1)} dB.`;
    sentences.push(
      `${
        seen.length === 1 ? "One sample is" : `${seen.length} samples are`
      } far from all others and shape scales and ` +
        `figures: ${listed(seen.map(sentenceOf), "; ")}.${others} Look at ${
          seen.length === 1 ? "it" : "them"
        }, and give ` +
        "--drop-outliers, or --scales percentile --percentile P, where they are no part of what the network will see.",
    );
  }
  if (dropped.length > 0) {
    sentences.push(
      `${dropped.length === 1 ? "One sample was" : `${dropped.length} samples were`} left out: ${
        listed(dropped.map(sentenceOf), "; ")
      }.`,
    );
  }
  return sentences;
}

function sentenceOf({ name, value, magnitude, usual, shareOfError }: OutlierReport): string {
  const size = magnitude === null ? "not finite" : Number(magnitude?.toPrecision(3));
  const reason = value === undefined ? [] : [
    `"${value}" is ${magnitude === null ? size : `up to ${size}`}, usually ${Number(usual?.toPrecision(3))}`,
  ];
  const share = shareOfError === undefined ? [] : [`${(shareOfError * 100).toFixed(1)} % of the error`];
  return `${name} (${[...reason, ...share].join(", ")})`;
}
