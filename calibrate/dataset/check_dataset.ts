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
 * @param network Number of its classes where it scores classes, and the recipe for its images.
 * @throws {TypeError} If the samples are images and there is no recipe, or have labels and there are no classes.
 * @throws {RangeError} If a label is not a class of the network.
 */
export function checkDataset(
  dataset: Dataset,
  network: { classes: number | undefined; preprocessing: Preprocessing | undefined },
): void {
  if (dataset.kind === "pixels" && !network.preprocessing) {
    throw new InputError("Images need --normalize, or both --mean and --std");
  }
  const { labels } = dataset;
  if (!labels) return;
  const { classes } = network;
  if (classes === undefined) {
    throw new InputError("Labels need a network whose first output is one score for each class: leave them out");
  }
  const sample = labels.findIndex((label) => label >= classes);
  if (sample >= 0) {
    throw new InputRangeError(`Label ${labels[sample]} of sample ${sample} is no class: the network has ${classes}`);
  }
}
