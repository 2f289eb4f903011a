/**
 * What is unusual about the samples of a calibration.
 *
 * @module
 */

import { inputWarnings } from "../observe/input_warnings.ts";
import type { Statistics } from "../observe/statistics.ts";
import type { Session } from "./session.ts";

/** Says what is unusual about the samples that were observed. */
export function sampleWarnings(
  { network: { graph }, samples, dataset, preprocessing }: Pick<
    Session,
    "network" | "samples" | "dataset" | "preprocessing"
  >,
  { part, summaries }: Statistics,
): string[] {
  const names = samples.slice(part.first, part.end).map(dataset.nameOf);
  const recipe = dataset.kind === "pixels" ? preprocessing : undefined;
  return inputWarnings(summaries.map(({ input }) => input), names, graph.inputs[0].shape, recipe);
}
