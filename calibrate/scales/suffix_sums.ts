/**
 * Suffix sums of a histogram's side: clipping error of every threshold in one
 * pass.
 *
 * @module
 */

import { BINS } from "../observe/histogram.ts";

/** Sums over the bins above each bin edge of one side of a histogram. */
export interface SuffixSums {
  /** Bin width. */
  width: number;
  /** count[k], first[k], second[k]: sums of n, n c, n (c^2 + w^2 / 12) over bins k and up. */
  count: Float64Array;
  first: Float64Array;
  second: Float64Array;
}

/** Takes the sums of one side, in whose counts the caller has put the atoms of that side. */
export function suffixSums(counts: Float64Array, width: number): SuffixSums {
  const count = new Float64Array(BINS + 1);
  const first = new Float64Array(BINS + 1);
  const second = new Float64Array(BINS + 1);
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const center = (bin + 0.5) * width;
    count[bin] = count[bin + 1] + counts[bin];
    first[bin] = first[bin + 1] + counts[bin] * center;
    second[bin] = second[bin + 1] + counts[bin] * (center * center + width * width / 12);
  }
  return { width, count, first, second };
}

/** Sum of squared distances of the values beyond the edge `bin` from that edge. */
export function clippingError({ width, count, first, second }: SuffixSums, bin: number): number {
  const edge = bin * width;
  return Math.max(0, second[bin] - 2 * edge * first[bin] + edge * edge * count[bin]);
}
