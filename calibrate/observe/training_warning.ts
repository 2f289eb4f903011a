/**
 * How far samples are trusted to be like what a network was trained on, and the
 * warning that they are not.
 *
 * @module
 */

import type { ChannelMoments } from "./channel_moments.ts";
import { distanceFromTraining } from "./normalized_moments.ts";

/**
 * Distance, in standard deviations between samples, from which it is told: what
 * is called a large effect (Cohen, Statistical Power Analysis for the
 * Behavioral Sciences, 1988).
 */
const LARGE_EFFECT = 0.8;

/**
 * Says that samples are unlike what a network was trained on, by more than
 * chance explains, and where that shows most.
 *
 * @param normalized Moments of each layer into which a BatchNormalization was folded, by the name of the layer.
 * @returns Undefined where they are like it, or nothing tells.
 */
export function trainingWarning(normalized: ReadonlyMap<string, ChannelMoments>): string | undefined {
  const distance = distanceBeyondChance(normalized);
  if (!(distance > LARGE_EFFECT)) return undefined;
  const farthest = [...normalized].map(([name, moments]) => ({ name, distance: distanceFromTraining([moments]) }))
    .reduce((most, layer) => layer.distance > most.distance ? layer : most);
  const [all, most] = [distance, Math.sqrt(farthest.distance)].map((value) => String(Number(value.toPrecision(2))));
  return "Samples look unlike what the network was trained on: the channels of layers that were normalised lie " +
    `${all} standard deviations between samples from what their BatchNormalization says, most of all, by ${most}, ` +
    `those of "${farthest.name}"; usual are less than ${LARGE_EFFECT}. Give samples such as the network is to meet, ` +
    "prepared as in training: the same --normalize or --mean and --std, order of colours, size and sharpness";
}

/**
 * Factor from 0 to 1 on what samples correct: 1 / (1 + D), with their distance D
 * from training; 0 where a warning is due, since what samples of another kind
 * would correct is not what others need.
 *
 * @param normalized As {@linkcode trainingWarning} takes them; without any, trust is whole.
 */
export function trustIn(normalized: ReadonlyMap<string, ChannelMoments>): number {
  return distanceBeyondChance(normalized) > LARGE_EFFECT ? 0 : 1 / (1 + distanceFromTraining(normalized.values()));
}

/** Distance in standard deviations between samples, less what chance explains. */
function distanceBeyondChance(normalized: ReadonlyMap<string, ChannelMoments>): number {
  if (normalized.size === 0) return 0;
  const samples = Math.max(...normalized.values().map(({ count }) => count));
  return Math.sqrt(Math.max(0, distanceFromTraining(normalized.values()) - 1 / samples));
}
