/**
 * The warning that samples are unlike what a network was trained on.
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
  if (normalized.size === 0) return undefined;
  const samples = Math.max(...normalized.values().map(({ count }) => count));
  const distance = Math.sqrt(Math.max(0, distanceFromTraining(normalized.values()) - 1 / samples));
  if (!(distance > LARGE_EFFECT)) return undefined;
  const farthest = [...normalized].map(([name, moments]) => ({ name, distance: distanceFromTraining([moments]) }))
    .reduce((most, layer) => layer.distance > most.distance ? layer : most);
  const [all, most] = [distance, Math.sqrt(farthest.distance)].map((value) => String(Number(value.toPrecision(2))));
  return "Samples look unlike what the network was trained on: the channels of layers that were normalised lie " +
    `${all} standard deviations between samples from what their BatchNormalization says, most of all, by ${most}, ` +
    `those of "${farthest.name}"; usual are less than ${LARGE_EFFECT}. Give samples such as the network is to meet, ` +
    "prepared as in training: the same --normalize or --mean and --std, order of colours, size and sharpness";
}
