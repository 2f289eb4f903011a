/**
 * The percentile scale: a range that leaves out a fixed share of the values.
 *
 * @module
 */

import { BINS, type Histogram } from "../observe/histogram.ts";
import { minMaxGrid } from "./min_max.ts";
import { type Grid, snapGrid } from "./score.ts";

/** Percent of the values that lie within each end of the range where nothing else is asked for. */
const USUAL_PERCENTILE = 99.999;

/**
 * The grid over the range that leaves out at most the rest of the values at each
 * end; min-max where that range holds nothing but zero.
 *
 * @param percentile Percent of the values that lie within each end, above 50 and at most 100.
 */
export function percentileGrid(histogram: Histogram, levels = 255, percentile: number = USUAL_PERCENTILE): Grid {
  if (histogram.exponent === null) return snapGrid(0, 0, levels);
  const width = 2 ** histogram.exponent;
  // Rounded, since 100 - 99.999 is not 0.001 in binary.
  const allowed = histogram.count * Number(((100 - percentile) / 100).toPrecision(12));
  const high = edgeOf(histogram.positive, allowed) * width;
  const low = -edgeOf(histogram.negative, allowed) * width;
  const atoms = histogram.atoms.filter((_, index) => histogram.atomCounts[index] > allowed);
  const bottom = Math.max(Math.min(low, ...atoms, 0), Math.min(0, histogram.min));
  const top = Math.min(Math.max(high, ...atoms, 0), Math.max(0, histogram.max));
  return bottom === top ? minMaxGrid(histogram, levels) : snapGrid(bottom, top, levels);
}

function edgeOf(counts: Float64Array, allowed: number): number {
  let beyond = 0;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    beyond += counts[bin];
    if (beyond > allowed) return bin + 1;
  }
  return 0;
}
