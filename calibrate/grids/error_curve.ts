/**
 * The error of channels on grids of their own, by the size of the grids' steps.
 *
 * @module
 */

import { type ChannelHistograms, NO_EXPONENT } from "../observe/channel_histograms.ts";
import { beyondCurves, type SidedChannel } from "./beyond_curve.ts";
import { type CurveGrids, type Moments, momentsOf, type Side, sideOf } from "./channel_side.ts";
import { factorOf, LEAST_STEP, STEPS, STEPS_PER_OCTAVE, stepsOf } from "./lattice.ts";

/** Steps below the scale that just holds all values, beyond which an error is not worked out: to 1/16. */
const NARROWER = 4 * STEPS_PER_OCTAVE;
/** Steps above it: to 4 times it. */
const WIDER = 2 * STEPS_PER_OCTAVE;
/** As how many values the common shape counts. */
const SHAPE_VALUES = 8;
/** As how many values the common size counts beside a channel's own. */
const SIZE_VALUES = 1;

/** Values of a channel on one side of zero. */
interface Channel extends SidedChannel {
  /** Sum of the squared errors at each step. */
  errors: Float64Array;
}

/**
 * The mean squared error of each channel at every step of the lattice.
 *
 * On either side of zero a channel is taken to be what was seen of it, and
 * besides what a sample that was not seen would show: that there is nothing beyond
 * the greatest of few samples is no evidence. How far the next one goes is told by
 * all channels together, see {@linkcode beyondCurves}. And it is taken to be 8
 * values of the shape that all channels have together, of this channel's size: so
 * a channel that was always zero is like all others.
 *
 * @returns For each channel one error for each step, from {@linkcode LEAST_STEP} on.
 */
export function errorCurves(histograms: ChannelHistograms, grids: CurveGrids): Float64Array[] {
  const above = sideCurves(histograms, grids, 1);
  const below = histograms.negative.length > 0 ? sideCurves(histograms, grids, -1) : undefined;
  const both = below
    ? above.map((errors, channel) => errors.map((error, index) => error + below[channel][index]))
    : above;
  const mean = new Float64Array(STEPS);
  for (const errors of both) errors.forEach((error, index) => mean[index] += error / both.length);
  return both.map((errors, channel) =>
    histograms.exponents[channel] === NO_EXPONENT
      ? mean.map((error) => error * SHAPE_VALUES / histograms.count)
      : errors
  );
}

function sideCurves(histograms: ChannelHistograms, grids: CurveGrids, sign: 1 | -1): Float64Array[] {
  const channels = Array.from(
    histograms.min,
    (_, channel) => ownErrors(sideOf(histograms, channel, sign), grids, sign),
  );
  const count = channels.reduce((sum, channel) => sum + channel.count, 0);
  const squares = channels.reduce((sum, channel) => sum + channel.squares, 0);
  if (count === 0) return channels.map(({ errors }) => errors);
  const sizeOf = (values: Moments) =>
    Math.sqrt((values.squares + SIZE_VALUES * squares / count) / (values.count + SIZE_VALUES));
  const sizes = channels.map(sizeOf);
  const places = sizes.map((size) => stepsOf(size / grids.anchor));
  const shape = commonShape(channels, sizes, places);
  const beyond = beyondCurves(histograms, grids, { channels, sizeOf, sign });
  return channels.map(({ count, errors }, channel) => {
    const expected = SHAPE_VALUES * count / histograms.count * sizes[channel] * sizes[channel];
    const total = histograms.count + SHAPE_VALUES;
    return errors.map((error, index) =>
      (error + beyond[channel][index] + expected * within(shape, index - places[channel])) / total
    );
  });
}

/**
 * The mean squared error of a value of any channel, in units of its channel's
 * size, at every step; index 0 is {@linkcode LEAST_STEP} where the anchor is the size.
 */
function commonShape(channels: readonly Channel[], sizes: readonly number[], places: readonly number[]): Float64Array {
  const shape = new Float64Array(STEPS);
  let count = 0;
  channels.forEach((channel, index) => {
    if (channel.count === 0) return;
    count += channel.count;
    const unit = 1 / (sizes[index] * sizes[index]);
    for (let step = 0; step < STEPS; step++) shape[step] += within(channel.errors, step + places[index]) * unit;
  });
  return shape.map((sum) => sum / count);
}

function within(curve: Float64Array, index: number): number {
  return curve[Math.min(STEPS - 1, Math.max(0, index))];
}

function ownErrors(side: Side, { anchor, zeroPoint }: CurveGrids, sign: 1 | -1): Channel {
  const errors = new Float64Array(STEPS);
  if (side.counts.length === 0) return { side, count: 0, squares: 0, errors };
  const levels = sign > 0 ? 255 - zeroPoint : zeroPoint;
  const top = stepsOf(side.largest / Math.max(levels, 1) / anchor);
  const first = Math.min(STEPS - 1, Math.max(0, top - NARROWER - LEAST_STEP));
  const last = Math.min(STEPS - 1, Math.max(first, top + WIDER - LEAST_STEP));
  for (let index = first; index <= last; index++) {
    errors[index] = errorOf(side, anchor * factorOf(index + LEAST_STEP), levels);
  }
  errors.fill(errors[first], 0, first);
  errors.fill(errors[last], last + 1);
  return { side, ...momentsOf(side), errors };
}

/** Sum of squared errors, values taken as uniform within their intervals. */
function errorOf({ counts, starts, ends }: Side, scale: number, levels: number): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) {
    const [start, end] = [starts[index], ends[index]];
    if (end - start > 1e-9 * end) {
      sum += counts[index] * (integral(end, scale, levels) - integral(start, scale, levels)) / (end - start);
    } else {
      const offset = end - Math.min(levels, Math.floor(end / scale + 0.5)) * scale;
      sum += counts[index] * offset * offset;
    }
  }
  return sum;
}

/** Integral of the squared error from 0 to x, for grid points 0 to `levels` times the scale. */
function integral(x: number, scale: number, levels: number): number {
  const index = Math.min(levels, Math.floor(x / scale + 0.5));
  const offset = x - index * scale;
  return index * scale * scale * scale / 12 + offset * offset * offset / 3;
}
