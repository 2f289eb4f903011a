/**
 * The percentile scale: a range that leaves out a fixed share of the values.
 *
 * @module
 */

import { BINS, type Histogram } from "../observe/histogram.ts";
import { type Grid, snapGrid } from "./score.ts";

/** Share of the values that may lie beyond each end of the range. */
const TAIL = 1e-5;

/** The grid over the range that leaves out at most 0.001 % of the values at each end. */
export function percentileGrid(histogram: Histogram, levels = 255): Grid {
  if (histogram.exponent === null) return snapGrid(0, 0, levels);
  const width = 2 ** histogram.exponent;
  const allowed = histogram.count * TAIL;
  const high = edgeOf(histogram.positive, allowed) * width;
  const low = -edgeOf(histogram.negative, allowed) * width;
  const atoms = histogram.atoms.filter((_, index) => histogram.atomCounts[index] > allowed);
  return snapGrid(
    Math.max(Math.min(low, ...atoms, 0), Math.min(0, histogram.min)),
    Math.min(Math.max(high, ...atoms, 0), Math.max(0, histogram.max)),
    levels,
  );
}

function edgeOf(counts: Float64Array, allowed: number): number {
  let beyond = 0;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    beyond += counts[bin];
    if (beyond > allowed) return bin + 1;
  }
  return 0;
}
