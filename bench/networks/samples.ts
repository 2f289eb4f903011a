/**
 * Random samples for networks with random weights.
 *
 * @module
 */

import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { random } from "../../tests/support/random.ts";
import type { Network } from "./network.ts";

const FIRST_SEED = 224;

/** Draws one sample, numbers in -1..1; equal indices give equal samples. */
export function drawSample(network: Network, index: number): Float32Array {
  const length = network.shapes.get(network.input)!.reduce((product, size) => product * size, 1);
  return random(FIRST_SEED + index).f32(length, -1, 1);
}

/** The recipe that brings pixels to -1..1, where the network takes images. */
export function imageRecipe(network: Network): { preprocessing?: Preprocessing } {
  const [channels, height, width] = network.shapes.get(network.input)!;
  if (width === undefined) return {};
  const half = Array<number>(channels).fill(0.5);
  return { preprocessing: { crop: [height, width], mean: half, std: half } };
}
