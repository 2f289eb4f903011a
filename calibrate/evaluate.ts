/**
 * Evaluation: accuracy and time of a bundle or a float network on samples, and
 * how near a bundle comes to its float network.
 *
 * @module
 */

import { InputError } from "../runtime/errors.ts";
import type { Model } from "../runtime/model.ts";
import { type Accuracy, accuracyOf, gainOf, rankOf } from "./accuracy.ts";
import { checkDataset } from "./dataset/check_dataset.ts";
import { classCount } from "./dataset/classes.ts";
import type { Dataset, Sample } from "./dataset/dataset.ts";
import { listed } from "./dataset/unusable_samples.ts";
import type { Estimate } from "./estimate.ts";
import { compareOutputs, type Fidelity, fidelityOf, kindOfClasses, type SampleFidelity } from "./fidelity.ts";
import { median } from "./median.ts";
import { inputWarnings } from "./observe/input_warnings.ts";
import { channelsOfInput, type InputSummary, peakOf, summarizeInput } from "./observe/sample_summary.ts";

/** What an evaluation gave. */
export interface Evaluation {
  /** Name of the network. */
  model: string;
  /** Number of samples. */
  samples: number;
  /** Share of samples whose label came first, 0 to 1; absent without labels. */
  top1?: number;
  /** Share of samples whose label was among the first five, 0 to 1; absent without labels. */
  top5?: number;
  /** Standard errors of both, that the number of samples leaves. */
  standardErrors?: Accuracy["standardErrors"];
  /** How near the first output comes to the float network's; absent where none was given. */
  fidelity?: Fidelity;
  /** Accuracy of the float network, where one was given and there are labels. */
  float?: Accuracy;
  /** Top-1 less that of the float network, -1 to 1, where one was given and there are labels. */
  difference?: Estimate;
  /** Median time of one sample in milliseconds, preparation of the input included, reading excluded. */
  msPerSample: number;
  /** What is unusual about the samples or the outputs, in sentences; absent where nothing is. */
  warnings?: string[];
}

/**
 * Runs a model on samples.
 *
 * @param options A float network to run beside the model, and a listener that is told of each sample done.
 * @throws {TypeError} Where there are neither labels nor a float network, or the two networks do not go together.
 * @throws {RangeError} Where a label is not a class of the network.
 */
export async function evaluate(
  model: Model,
  dataset: Dataset,
  { float, progress }: { float?: Model; progress?: (done: number, total: number) => void } = {},
): Promise<Evaluation> {
  const classes = classCount(model.outputs[0].shape.map(Math.abs));
  checkDataset(dataset, { classes, preprocessing: model.preprocessing });
  if (!dataset.labels && !float) {
    throw new InputError("Evaluation needs labels, or a float network: give --labels, class sub-folders or --float");
  }
  if (float) checkPair(model, float);
  const kind = kindOfClasses(model.outputs[0].shape.map(Math.abs), model.outputKind);
  const fidelities: SampleFidelity[] = [];
  const ranks: number[] = [];
  const floatRanks: number[] = [];
  const times: number[] = [];
  const inputs: InputSummary[] = [];
  const notFinite: string[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const sample = await dataset.sample(index);
    const label = dataset.labels?.[index];
    const start = performance.now();
    const scores = firstOutput(model, sample);
    times.push(performance.now() - start);
    if (label !== undefined) ranks.push(rankOf(scores, label));
    if (float) {
      const floats = firstOutput(float, sample);
      fidelities.push(compareOutputs(floats, scores, kind));
      if (label !== undefined) floatRanks.push(rankOf(floats, label));
    }
    inputs.push(
      "pixels" in sample
        ? summarizeInput(sample.pixels, model.preprocessing!.mean.length, true)
        : summarizeInput(sample.tensor, channelsOfInput(model.inputs[0].shape), false),
    );
    if (peakOf(scores) === Infinity) notFinite.push(dataset.nameOf(index));
    progress?.(index + 1, dataset.length);
  }
  const { top1, top5, standardErrors } = accuracyOf(ranks);
  const warnings = [...(float ? kindWarnings(model, float) : []), ...warningsOf(model, dataset, inputs, notFinite)];
  return {
    model: model.name,
    samples: dataset.length,
    ...(dataset.labels && { top1, top5, standardErrors }),
    ...(float && { fidelity: fidelityOf(fidelities) }),
    ...(float && dataset.labels && { float: accuracyOf(floatRanks), difference: gainOf(ranks, floatRanks) }),
    msPerSample: median(times),
    ...(warnings.length > 0 && { warnings }),
  };
}

function firstOutput(model: Model, sample: Sample): Float32Array {
  const outputs = "pixels" in sample
    ? model.runPixels(sample.pixels)
    : model.run({ [model.inputs[0].name]: sample.tensor });
  return outputs[model.outputs[0].name].data;
}

/** Refuses a float network that takes or gives other tensors than a model. */
function checkPair(model: Model, float: Model): void {
  const tensors = ({ inputs: [input], outputs: [output] }: Model) => [
    ["input", input.shape.join(", ")],
    ["first output", output.shape.join(", ")],
  ];
  const others = tensors(float);
  for (const [index, [what, shape]] of tensors(model).entries()) {
    if (shape === others[index][1]) continue;
    throw new InputError(
      `The ${what} of the float network "${float.name}" is [${
        others[index][1]
      }], that of "${model.name}" [${shape}]: ` +
        "give the network that the bundle was made from",
    );
  }
}

/** Tells where the float network's end is not what a bundle says that its first output is. */
function kindWarnings({ outputKind, name }: Model, float: Model): string[] {
  return outputKind === float.outputKind ? [] : [
    `The first output of "${name}" is ${outputKind}, that of the float network "${float.name}" ${float.outputKind}: ` +
    `both are compared as ${outputKind}`,
  ];
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
