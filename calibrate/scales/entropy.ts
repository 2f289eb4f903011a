/**
 * The entropy scale: the threshold whose quantised distribution has the least
 * Kullback-Leibler divergence from the original one.
 *
 * @module
 */

import { logarithm } from "../../runtime/numerics/logarithm.ts";
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
  const sums = prefixSums(counts);
  let best = MAGNITUDE_BINS;
  let least = Infinity;
  for (let bins = MAGNITUDE_BINS; bins >= quantized; bins--) {
    const divergence = divergenceAt(sums, bins, quantized);
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

/** Sums over the bins before each edge, from which divergences follow without looking at single bins. */
interface PrefixSums {
  counts: Float64Array;
  /** Number of counts. */
  count: Float64Array;
  /** Number of bins that are not empty. */
  filled: Float64Array;
  /** Sum of count x log count. */
  entropy: Float64Array;
}

function prefixSums(counts: Float64Array): PrefixSums {
  const [count, filled, entropy] = [0, 1, 2].map(() => new Float64Array(counts.length + 1));
  counts.forEach((value, bin) => {
    count[bin + 1] = count[bin] + value;
    filled[bin + 1] = filled[bin] + (value > 0 ? 1 : 0);
    entropy[bin + 1] = entropy[bin] + timesLogarithm(value);
  });
  return { counts, count, filled, entropy };
}

function timesLogarithm(value: number): number {
  return value > 0 ? value * logarithm(value) : 0;
}

/**
 * Divergence of the first `bins` bins, outliers in the last, from their version
 * with `levels` levels: sum p log p - sum p log q, where q is the same in all
 * bins of a level that are not empty.
 */
function divergenceAt({ counts, count, filled, entropy }: PrefixSums, bins: number, levels: number): number {
  const total = count[counts.length];
  const inside = count[bins];
  if (inside === 0) return Infinity;
  const outliers = total - inside;
  const last = counts[bins - 1];
  const own = entropy[bins] - timesLogarithm(last) + timesLogarithm(last + outliers);
  const insideLogarithm = logarithm(inside);
  let cross = 0;
  for (let level = 0; level < levels; level++) {
    const start = Math.floor(level * bins / levels);
    const end = Math.floor((level + 1) * bins / levels);
    const sum = count[end] - count[start];
    if (sum === 0) continue;
    const weight = sum + (end === bins && last > 0 ? outliers : 0);
    cross += weight * (logarithm(sum / (filled[end] - filled[start])) - insideLogarithm);
  }
  if (last === 0 && outliers > 0) cross += outliers * logarithm(1e-12);
  return (own - cross) / total - logarithm(total);
}
