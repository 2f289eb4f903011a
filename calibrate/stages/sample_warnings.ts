/**
 * What is unusual about the samples of a calibration.
 *
 * @module
 */

import { layersOf } from "../graph/layers.ts";
import { inputWarnings } from "../observe/input_warnings.ts";
import type { Outlier } from "../observe/outliers.ts";
import type { Statistics } from "../observe/statistics.ts";
import { trainingWarning } from "../observe/training_warning.ts";
import type { Session } from "./session.ts";

/** Says what is unusual about the samples that were observed. @param outliers Samples that are told of by themselves. */
export function sampleWarnings(
  { network: { graph }, samples, dataset, preprocessing }: Pick<
    Session,
    "network" | "samples" | "dataset" | "preprocessing"
  >,
  { part, summaries, normalized }: Statistics,
  outliers: readonly Outlier[],
): string[] {
  const told = new Set(outliers.map(({ sample }) => sample));
  const seen = samples.slice(part.first, part.end).map((sample, index) => ({ sample, ...summaries[index] }))
    .filter(({ sample }) => !told.has(sample));
  const recipe = dataset.kind === "pixels" ? preprocessing : undefined;
  const names = seen.map(({ sample }) => dataset.nameOf(sample));
  const layers = new Map(layersOf(graph).map(({ output, name }) => [output, name]));
  const named = new Map(Array.from(normalized, ([output, moments]) => [layers.get(output)!, moments]));
  const unlike = trainingWarning(named);
  return [
    ...inputWarnings(seen.map(({ input }) => input), names, graph.inputs[0].shape, recipe),
    ...unlike ? [unlike] : [],
  ];
}
