/**
 * The entropy scale: the threshold whose quantised distribution has the least
 * Kullback-Leibler divergence from the original one.
 *
 * @module
 */

import { logarithm } from "../logarithm.ts";
import { BINS, type Histogram } from "../observe/histogram.ts";
import { type Grid, snapGrid } from "./score.ts";

/** Bins of magnitudes over which thresholds are tried. */
const MAGNITUDE_BINS = 2048;

/**
 * The grid of least divergence. Magnitudes of one-sided tensors have all levels,
 * of two-sided ones half of them; the range is the threshold cut to what was
 * seen.
 */
export function entropyGrid(histogram: Histogram, levels = 255): Grid {
  const { exponent, min, max } = histogram;
  if (exponent === null) return snapGrid(0, 0, levels);
  const twoSided = min < 0 && max > 0;
  const quantized = twoSided ? (levels + 1) / 2 : levels + 1;
  const { counts, width } = magnitudes(histogram);
  let best = MAGNITUDE_BINS;
  let least = Infinity;
  for (let bins = MAGNITUDE_BINS; bins >= quantized; bins--) {
    const divergence = divergenceAt(counts, bins, quantized);
    if (divergence < least) [best, least] = [bins, divergence];
  }
  const threshold = best * width;
  return snapGrid(Math.max(-threshold, Math.min(0, min)), Math.min(threshold, Math.max(0, max)), levels);
}

/** Counts of magnitudes in equal bins up to the greatest; zeros are left out. */
function magnitudes(histogram: Histogram): { counts: Float64Array; width: number } {
  const source = 2 ** histogram.exponent!;
  const width = Math.max(histogram.max, -histogram.min) / MAGNITUDE_BINS;
  const counts = new Float64Array(MAGNITUDE_BINS);
  const add = (magnitude: number, count: number) =>
    counts[Math.min(MAGNITUDE_BINS - 1, Math.floor(magnitude / width))] += count;
  for (let bin = 0; bin < BINS; bin++) {
    const count = histogram.positive[bin] + histogram.negative[bin];
    if (count > 0) add((bin + 0.5) * source, count);
  }
  histogram.atoms.forEach((atom, index) => add(Math.abs(atom), histogram.atomCounts[index]));
  return { counts, width };
}

/** Divergence of the first `bins` bins, outliers in the last, from their version with `levels` levels. */
function divergenceAt(counts: Float64Array, bins: number, levels: number): number {
  let outliers = 0;
  for (let bin = bins; bin < counts.length; bin++) outliers += counts[bin];
  const total = counts.reduce((sum, count) => sum + count, 0);
  let inside = 0;
  for (let bin = 0; bin < bins; bin++) inside += counts[bin];
  if (inside === 0) return Infinity;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const start = Math.floor(level * bins / levels);
    const end = Math.floor((level + 1) * bins / levels);
    let sum = 0;
    let filled = 0;
    for (let bin = start; bin < end; bin++) {
      sum += counts[bin];
      if (counts[bin] > 0) filled++;
    }
    for (let bin = start; bin < end; bin++) {
      const reference = (counts[bin] + (bin === bins - 1 ? outliers : 0)) / total;
      if (reference === 0) continue;
      const approximation = counts[bin] > 0 ? sum / filled / inside : 1e-12;
      divergence += reference * logarithm(reference / approximation);
    }
  }
  return divergence;
}
