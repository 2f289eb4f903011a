/**
 * What is unusual about the inputs that samples give: accepted, but told.
 *
 * @module
 */

import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { InputSummary } from "./sample_summary.ts";

/** Greatest magnitude that is usual in an input of images, whichever way it is normalised. */
const USUAL_MAGNITUDE = 8;
/** Least standard deviation that is usual in an input of images over all samples. */
const USUAL_DEVIATION = 0.05;

/**
 * Says what is unusual, what was seen and what is usual.
 *
 * @param samples The input of each sample.
 * @param names Names of the samples.
 * @param shape Shape of the input.
 * @param preprocessing How images become the input; absent where samples are the input itself.
 * @returns One sentence for each finding.
 */
export function inputWarnings(
  samples: readonly InputSummary[],
  names: readonly string[],
  shape: readonly number[],
  preprocessing?: Preprocessing,
): string[] {
  const findings = [recipeWarning(preprocessing), constantWarning(samples, names)];
  const isImage = shape.length === 4 && [1, 3].some((channels) => shape[1] === channels || shape[3] === channels);
  const varied = samples.filter(({ isConstant }) => !isConstant);
  if (isImage && varied.length > 0 && findings[0] === undefined) findings.push(rangeWarning(varied, preprocessing));
  return findings.filter((finding) => finding !== undefined);
}

function recipeWarning(preprocessing: Preprocessing | undefined): string | undefined {
  if (!preprocessing) return undefined;
  const { mean, std } = preprocessing;
  const isUnusual = (name: string, values: readonly number[]) =>
    values.some((value) => Math.abs(value) > 1) ? [`${name} ${values.join(",")}`] : [];
  const unusual = [...isUnusual("--mean", mean), ...isUnusual("--std", std)];
  if (unusual.length === 0) return undefined;
  return `${unusual.join(" and ")} of pixels that are scaled to 0..1: usual are 0 to 1, such as 0.485 and 0.229. ` +
    "Divide those of pixels of 0..255 by 255";
}

function constantWarning(samples: readonly InputSummary[], names: readonly string[]): string | undefined {
  const constant = samples.flatMap(({ isConstant }, index) => isConstant ? [index] : []);
  if (constant.length === 0) return undefined;
  const [first] = constant;
  const { min, max } = samples[first];
  const which = constant.length === samples.length
    ? `All ${samples.length} samples are`
    : constant.length === 1
    ? `1 of ${samples.length} samples is`
    : `${constant.length} of ${samples.length} samples are`;
  return `${which} constant, such as ${names[first]}, ${
    min === max ? `whose elements are all ${rounded(min)}` : "which is of one colour"
  }: usual samples vary. ` +
    "Such samples tell nothing of the values that the network takes";
}

function rangeWarning(samples: readonly InputSummary[], preprocessing: Preprocessing | undefined): string | undefined {
  const min = Math.min(...samples.map((sample) => sample.min));
  const max = Math.max(...samples.map((sample) => sample.max));
  const mean = samples.reduce((sum, sample) => sum + sample.mean, 0) / samples.length;
  const square = samples.reduce((sum, sample) => sum + sample.square, 0) / samples.length;
  const deviation = Math.sqrt(Math.max(0, square - mean * mean));
  const seen = `Input values go from ${rounded(min)} to ${rounded(max)}, mean ${rounded(mean)}, standard deviation ` +
    rounded(deviation);
  if (preprocessing) {
    const bright = Math.max(...preprocessing.mean.map((mean, index) => (1 / 255 - mean) / preprocessing.std[index]));
    return max <= bright + 1e-6
      ? `Pixels are all 0 or 1: usual are 0 to 255. ${seen}; were images scaled to 0..1 before they became bytes?`
      : undefined;
  }
  if (max > USUAL_MAGNITUDE && min >= 0) {
    return `${seen}: usual for images are -3 to 3, or 0 to 1. Were pixels of 0..255 left as they are?`;
  }
  if (Math.max(max, -min) > USUAL_MAGNITUDE) {
    return `${seen}: usual for images are -3 to 3, or 0 to 1. Were they normalised twice?`;
  }
  if (deviation < USUAL_DEVIATION) {
    return `${seen}: usual for images is a deviation of 0.2 to 1.3. Were they scaled or normalised twice?`;
  }
  return undefined;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
