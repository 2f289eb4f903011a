/**
 * Whether samples suit a network beyond their shape.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Checks samples against a network, before any of them is read.
 *
 * @param dataset The samples.
 * @param network Number of its classes, and the recipe for its images.
 * @throws {TypeError} If the samples are images and there is no recipe.
 * @throws {RangeError} If a label is not a class of the network.
 */
export function checkDataset(
  dataset: Dataset,
  network: { classes: number; preprocessing: Preprocessing | undefined },
): void {
  if (dataset.kind === "pixels" && !network.preprocessing) {
    throw new InputError("Images need --normalize, or both --mean and --std");
  }
  const sample = dataset.labels?.findIndex((label) => label >= network.classes) ?? -1;
  if (sample >= 0) {
    throw new InputRangeError(
      `Label ${dataset.labels![sample]} of sample ${sample} is no class: the network has ${network.classes}`,
    );
  }
}
