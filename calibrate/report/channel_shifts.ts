/**
 * How far quantisation moves the statistics of each channel, without USP and
 * with it.
 *
 * @module
 */

import { type ChannelMoments, meansOf, meanSquaresOf } from "../observe/channel_moments.ts";
import type { ComparedChannels } from "../stream/comparison.ts";
import type { ChannelShifts, LayerShift } from "./details.ts";

/** Most points of a list of shifts: quantiles of the channels. */
const QUANTILES = 64;
/** Channels whose standard deviation is at most this part of the layer's greatest are left out. */
const DEAD = 1e-4;

/**
 * Describes the shifts of layers.
 *
 * @param seen Moments of the float program, and of those before and after USP.
 * @param names Names of the layers in the source network, by the names of their outputs.
 */
export function describeShifts(seen: ComparedChannels, names: ReadonlyMap<string, string>): LayerShift[] {
  const shifts: LayerShift[] = [];
  for (const [output, name] of names) {
    const float = seen.float.get(output);
    if (!float || float.count === 0) continue;
    const [before, after] = [seen.programs[0], seen.programs.at(-1)!].map((program) => program.get(output)!);
    if (before.count === 0) continue;
    shifts.push({ name, before: shiftsOf(float, before), after: shiftsOf(float, after) });
  }
  return shifts;
}

function shiftsOf(float: ChannelMoments, quantized: ChannelMoments): ChannelShifts {
  const [expected, actual] = [statisticsOf(float), statisticsOf(quantized)];
  const least = Math.max(...expected.deviations) * DEAD;
  const alive = [...expected.deviations.keys()].filter((channel) =>
    expected.deviations[channel] > least && actual.deviations[channel] > 0
  );
  const means = alive.map((channel) =>
    (actual.means[channel] - expected.means[channel]) / expected.deviations[channel]
  );
  const ratios = alive.map((channel) => binaryLogarithm(actual.deviations[channel] / expected.deviations[channel]));
  return { means: quantiles(means), deviations: quantiles(ratios) };
}

function statisticsOf(moments: ChannelMoments): { means: Float64Array; deviations: Float64Array } {
  const means = meansOf(moments);
  const squares = meanSquaresOf(moments);
  return { means, deviations: means.map((mean, channel) => Math.sqrt(Math.max(0, squares[channel] - mean * mean))) };
}

/** Only shown, never stored in a bundle: engines may differ in the last digit. */
function binaryLogarithm(value: number): number {
  return Math.log2(value);
}

function quantiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length <= QUANTILES) return sorted;
  return Array.from(
    { length: QUANTILES },
    (_, index) => sorted[Math.round(index * (sorted.length - 1) / (QUANTILES - 1))],
  );
}
