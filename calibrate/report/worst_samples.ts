/**
 * The samples on which quantisation does most harm.
 *
 * @module
 */

import { encode } from "fast-png";
import { resizeImage } from "../../runtime/resize_image.ts";
import type { Dataset } from "../dataset/dataset.ts";
import type { WorstSample } from "./details.ts";

const WORST = 12;
/** Longest side of a picture in pixels. */
const LARGEST_SIDE = 128;

/**
 * Chooses the samples whose class changes, and then those with the least SQNR;
 * of the former, those first that the float network got right.
 *
 * @param all Every compared sample.
 */
export function worstSamples(all: readonly WorstSample[]): WorstSample[] {
  const rank = ({ float, quantized, label }: WorstSample) =>
    float === quantized ? 2 : label === undefined || label === float ? 0 : 1;
  const sqnr = (sample: WorstSample) => sample.sqnr ?? Infinity;
  return all.toSorted((a, b) => rank(a) - rank(b) || sqnr(a) - sqnr(b)).slice(0, WORST);
}

/** Adds the pictures to samples that are images. @param size Sides of the network's input. */
export async function addPictures(
  samples: readonly WorstSample[],
  dataset: Dataset,
  [height, width]: readonly [number, number],
): Promise<WorstSample[]> {
  return await Promise.all(samples.map(async (entry) => {
    const sample = await dataset.sample(entry.sample);
    if (!("pixels" in sample)) return entry;
    const factor = Math.min(1, LARGEST_SIDE / Math.max(height, width));
    const image = { width, height, data: sample.pixels };
    const sides = [height, width].map((side) => Math.max(1, Math.round(side * factor)));
    const small = factor < 1 ? resizeImage(image, sides[0], sides[1]) : image;
    const channels = small.data.length / (small.width * small.height);
    return { ...entry, picture: encode({ ...small, channels, depth: 8 }) };
  }));
}
