/**
 * Evaluation: accuracy and time of a bundle or a float network on labelled
 * samples.
 *
 * @module
 */

import { InputError } from "../runtime/errors.ts";
import type { Model } from "../runtime/model.ts";
import { accuracyOf, rankOf } from "./accuracy.ts";
import { checkDataset } from "./dataset/check_dataset.ts";
import { classCount } from "./dataset/classes.ts";
import type { Dataset } from "./dataset/dataset.ts";
import { listed } from "./dataset/unusable_samples.ts";
import { median } from "./median.ts";
import { inputWarnings } from "./observe/input_warnings.ts";
import { channelsOfInput, type InputSummary, peakOf, summarizeInput } from "./observe/sample_summary.ts";

/** What an evaluation gave. */
export interface Evaluation {
  /** Name of the network. */
  model: string;
  /** Number of samples. */
  samples: number;
  /** Share of samples whose label came first, 0 to 1. */
  top1: number;
  /** Share of samples whose label was among the first five, 0 to 1. */
  top5: number;
  /** Median time of one sample in milliseconds, preparation of the input included, reading excluded. */
  msPerSample: number;
  /** What is unusual about the samples or the outputs, in sentences; absent where nothing is. */
  warnings?: string[];
}

/**
 * Runs a model on labelled samples.
 *
 * @param progress Is told of each sample done.
 * @throws {TypeError} Where the samples have no labels.
 * @throws {RangeError} Where a label is not a class of the network.
 */
export async function evaluate(
  model: Model,
  dataset: Dataset,
  progress?: (done: number, total: number) => void,
): Promise<Evaluation> {
  checkDataset(dataset, {
    classes: classCount(model.outputs[0].shape.map(Math.abs)),
    preprocessing: model.preprocessing,
  });
  if (!dataset.labels) throw new InputError("Evaluation needs labels: give --labels, or class sub-folders");
  const ranks: number[] = [];
  const times: number[] = [];
  const inputs: InputSummary[] = [];
  const notFinite: string[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const sample = await dataset.sample(index);
    const start = performance.now();
    const outputs = "pixels" in sample
      ? model.runPixels(sample.pixels)
      : model.run({ [model.inputs[0].name]: sample.tensor });
    times.push(performance.now() - start);
    const scores = outputs[model.outputs[0].name].data;
    ranks.push(rankOf(scores, dataset.labels[index]));
    inputs.push(
      "pixels" in sample
        ? summarizeInput(sample.pixels, model.preprocessing!.mean.length, true)
        : summarizeInput(sample.tensor, channelsOfInput(model.inputs[0].shape), false),
    );
    if (peakOf(scores) === Infinity) notFinite.push(dataset.nameOf(index));
    progress?.(index + 1, dataset.length);
  }
  const { samples, top1, top5 } = accuracyOf(ranks);
  const warnings = warningsOf(model, dataset, inputs, notFinite);
  return {
    ...{ model: model.name, samples, top1, top5, msPerSample: median(times) },
    ...(warnings.length > 0 && { warnings }),
  };
}

function warningsOf(
  { inputs: [{ shape }], preprocessing }: Model,
  dataset: Dataset,
  inputs: readonly InputSummary[],
  notFinite: readonly string[],
): string[] {
  const names = inputs.map((_, index) => dataset.nameOf(index));
  // Of pixels the range is known; whether they vary is not.
  const warnings = dataset.kind === "pixels"
    ? inputWarnings(inputs, names, [], preprocessing)
    : inputWarnings(inputs, names, shape);
  return notFinite.length === 0 ? warnings : [
    `The first output is not finite for ${notFinite.length} of ${names.length} samples: ${listed(notFinite)}`,
    ...warnings,
  ];
}
