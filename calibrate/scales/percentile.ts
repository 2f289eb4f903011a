/**
 * The percentile scale: a range that leaves out a fixed share of the values.
 *
 * @module
 */

import { BINS, type Histogram } from "../observe/histogram.ts";
import { minMaxGrid } from "./min_max.ts";
import { type Grid, snapGrid } from "./score.ts";

/** Share of the values that may lie beyond each end of the range. */
const TAIL = 1e-5;

/**
 * The grid over the range that leaves out at most 0.001 % of the values at each
 * end; min-max where that range holds nothing but zero.
 */
export function percentileGrid(histogram: Histogram, levels = 255): Grid {
  if (histogram.exponent === null) return snapGrid(0, 0, levels);
  const width = 2 ** histogram.exponent;
  const allowed = histogram.count * TAIL;
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
