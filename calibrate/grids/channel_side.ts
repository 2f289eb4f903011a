/**
 * What was seen of a channel on one side of zero.
 *
 * @module
 */

import { CHANNEL_BINS, type ChannelHistograms, NO_EXPONENT } from "../observe/channel_histograms.ts";

/** The grids that curves are over. */
export interface CurveGrids {
  /** The scale at step 0. */
  anchor: number;
  zeroPoint: number;
  /** The greatest value that there can be. */
  limit: number;
}

/** Values, taken as uniform within intervals. */
export interface Intervals {
  /** Number of the values in each interval. */
  counts: number[];
  /** Where each interval begins and ends. */
  starts: number[];
  ends: number[];
}

/** Magnitudes on one side of zero. */
export interface Side extends Intervals {
  /** The greatest magnitude. */
  largest: number;
  /** The greatest one of all samples but that with the greatest. */
  second: number;
}

/** One side of a channel. */
export function sideOf(histograms: ChannelHistograms, channel: number, sign: 1 | -1): Side {
  const bins = sign > 0 ? histograms.positive : histograms.negative;
  const largest = sign > 0 ? histograms.max[channel] : -histograms.min[channel];
  const second = sign > 0 ? histograms.secondMax[channel] : -histograms.secondMin[channel];
  const side: Side = { counts: [], starts: [], ends: [], largest, second };
  if (histograms.exponents[channel] === NO_EXPONENT) return side;
  const width = 2 ** histograms.exponents[channel];
  for (let bin = 0; bin < CHANNEL_BINS; bin++) {
    const count = bins[channel * CHANNEL_BINS + bin];
    if (count === 0) continue;
    side.counts.push(count);
    side.starts.push(bin * width);
    side.ends.push(Math.min((bin + 1) * width, largest));
  }
  return side;
}

/** The values above a bound. */
export function valuesAbove({ counts, starts, ends }: Intervals, bound: number): Intervals {
  const above: Intervals = { counts: [], starts: [], ends: [] };
  counts.forEach((count, index) => {
    const [start, end] = [Math.max(starts[index], bound), ends[index]];
    if (end <= start) return;
    above.counts.push(count * (end - start) / (end - starts[index]));
    above.starts.push(start);
    above.ends.push(end);
  });
  return above;
}

/** Number of values and sum of their squares. */
export interface Moments {
  count: number;
  squares: number;
}

/** The moments of values. */
export function momentsOf({ counts, starts, ends }: Intervals): Moments {
  const moments = { count: 0, squares: 0 };
  counts.forEach((count, index) => {
    const [a, b] = [starts[index], ends[index]];
    moments.count += count;
    moments.squares += count * (a * a + a * b + b * b) / 3;
  });
  return moments;
}
