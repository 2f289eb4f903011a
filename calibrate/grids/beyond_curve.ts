/**
 * The error that samples cause which go beyond all that were seen.
 *
 * @module
 */

import type { ChannelHistograms } from "../observe/channel_histograms.ts";
import { type CurveGrids, type Moments, momentsOf, type Side, valuesAbove } from "./channel_side.ts";
import { factorOf, LEAST_STEP, STEPS, STEPS_PER_OCTAVE, stepsOf } from "./lattice.ts";

/** Steps of the lattice between the classes of channels. */
const CLASS_STEPS = STEPS_PER_OCTAVE / 2;
/** By how much less the channels of a class tell of those of the next. */
const UNLIKENESS = 256;
/** As how many times the greatest value before it a value counts at most. */
const FARTHEST = 3;

/** Errors that values cause which exceed a bound, in units of the greatest value before them, by the bound in steps of the lattice from it. */
interface Beyond {
  /** Sum of what values exceed the bound by. */
  sums: Float64Array;
  /** Sum of the squares. */
  squares: Float64Array;
}

/** A channel on one side of zero, with the moments there. */
export interface SidedChannel extends Moments {
  side: Side;
}

/** One side of all channels. */
export interface ChannelSides {
  channels: readonly SidedChannel[];
  /** Root mean square of values, taken to be a little like those of all channels. */
  sizeOf: (values: Moments) => number;
  sign: 1 | -1;
}

/**
 * Sum of the squared errors that each channel is to expect, at every step of the
 * lattice, of the values by which samples that were not seen exceed its greatest.
 *
 * It is told by leaving out each sample that was seen. Of each channel only one
 * of them then goes beyond the others: that with the greatest value. How far, is
 * taken in units of the greatest value of the others; where that is less than the
 * size of a channel (few samples make it speak up at all), the size is the unit.
 * How often and how far a channel is to go beyond its greatest value is told by
 * all channels, left-out samples and all, whose greatest value was as many times
 * their size as this one's is, and a little by all others.
 *
 * @returns For each channel one sum for each step, from {@linkcode LEAST_STEP} on; as many samples as were seen make it.
 */
export function beyondCurves(
  { samples }: Pick<ChannelHistograms, "samples">,
  { anchor, zeroPoint, limit }: CurveGrids,
  { channels, sizeOf, sign }: ChannelSides,
): Float64Array[] {
  const now = channels.map((channel) => stateOf(channel.side.largest, sizeOf(channel)));
  const classes = leaveOneOut(channels, { sizeOf, samples, now });
  const levels = Math.max(1, sign > 0 ? 255 - zeroPoint : zeroPoint);
  const most = sign > 0 ? limit : Infinity;
  return now.map(({ unit, key }) => {
    const { sums, squares } = classes.get(key)!;
    const place = stepsOf(unit / levels / anchor);
    const end = most < Infinity ? stepsOf(most / unit) : STEPS;
    const [sumAtEnd, squareAtEnd] = [sums, squares].map((curve) => curve[end - LEAST_STEP] ?? 0);
    return Float64Array.from({ length: STEPS }, (_, index) => {
      const bound = Math.min(STEPS - 1, Math.max(0, index - place));
      // No value goes beyond the limit: those that would are there.
      const cut = squareAtEnd > 0 ? squareAtEnd + 2 * (factorOf(end) - factorOf(bound + LEAST_STEP)) * sumAtEnd : 0;
      return samples * unit * unit * Math.max(0, squares[bound] - cut);
    });
  });
}

/** The greatest value of a channel that counts, and the class of channels like it. */
interface State {
  unit: number;
  key: number;
}

function stateOf(largest: number, size: number): State {
  const unit = Math.max(largest, size);
  return { unit, key: Math.round(stepsOf(unit / size) / CLASS_STEPS) };
}

/** What a sample adds on average that was left out, by the class of the channel without it. */
function leaveOneOut(
  channels: readonly SidedChannel[],
  { sizeOf, samples, now }: { sizeOf: ChannelSides["sizeOf"]; samples: number; now: readonly State[] },
): Map<number, Beyond> {
  const classes = new Map<number, Beyond & { weight: number }>();
  const classOf = (key: number) => {
    if (!classes.has(key)) classes.set(key, { ...noBeyond(), weight: 0 });
    return classes.get(key)!;
  };
  for (const { key } of now) classOf(key).weight += samples - 1;
  for (const { side, count, squares } of channels) {
    const above = valuesAbove(side, side.second);
    const part = momentsOf(above);
    const rest = { count: count - part.count, squares: Math.max(0, squares - part.squares) };
    const { unit, key } = stateOf(side.second, sizeOf(rest));
    const state = classOf(key);
    state.weight++;
    above.counts.forEach((count, index) =>
      addExcess(state, {
        count,
        from: Math.min(above.starts[index] / unit, FARTHEST),
        to: Math.min(above.ends[index] / unit, FARTHEST),
      })
    );
  }
  return new Map(Array.from(classes.keys(), (key) => {
    const sum = noBeyond();
    let weight = 0;
    for (const [other, counted] of classes) {
      const likeness = UNLIKENESS ** -Math.abs(key - other);
      weight += likeness * counted.weight;
      addBeyond(sum, counted, likeness);
    }
    return [key, scaled(sum, 1 / weight)];
  }));
}

function noBeyond(): Beyond {
  return { sums: new Float64Array(STEPS), squares: new Float64Array(STEPS) };
}

function addBeyond(sum: Beyond, { sums, squares }: Beyond, weight: number): void {
  for (let index = 0; index < STEPS; index++) {
    sum.sums[index] += sums[index] * weight;
    sum.squares[index] += squares[index] * weight;
  }
}

function scaled({ sums, squares }: Beyond, factor: number): Beyond {
  return { sums: sums.map((sum) => sum * factor), squares: squares.map((sum) => sum * factor) };
}

/** Adds values that lie evenly in an interval. */
function addExcess({ sums, squares }: Beyond, { count, from, to }: { count: number; from: number; to: number }): void {
  for (let index = 0; index < STEPS; index++) {
    const bound = factorOf(index + LEAST_STEP);
    if (bound >= to) return;
    const [low, high] = [Math.max(0, from - bound), to - bound];
    const part = high > low ? count * (high - low) / (to - from) : count;
    sums[index] += part * (low + high) / 2;
    squares[index] += part * (low * low + low * high + high * high) / 3;
  }
}
