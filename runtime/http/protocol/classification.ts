/**
 * The classification extension: classes by name instead of a tensor's values.
 *
 * @module
 */

import type { Tensor } from "../../model.ts";

/** Strings in the shape of a tensor. */
export interface TextTensor {
  /** Dimensions. */
  shape: number[];
  /** "value:index" or "value:index:label", row-major. */
  data: string[];
}

/**
 * Names the classes with the highest values.
 *
 * @param tensor Values; of more than one dimension the first is the batch.
 * @param count Number of classes for each sample; all if there are fewer.
 * @param labels Names of the classes, if they are known.
 * @returns The classes of each sample, the highest first.
 */
export function classifyTensor(tensor: Tensor, count: number, labels: readonly string[] | undefined): TextTensor {
  const batch = tensor.shape.length > 1 ? tensor.shape[0] : 1;
  const length = tensor.data.length / batch;
  const taken = Math.min(count, length);
  const data: string[] = [];
  for (let sample = 0; sample < batch; sample++) {
    const values = tensor.data.subarray(sample * length, (sample + 1) * length);
    const ranked = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b).slice(0, taken);
    for (const index of ranked) {
      const label = labels?.[index];
      data.push(label === undefined ? `${values[index]}:${index}` : `${values[index]}:${index}:${label}`);
    }
  }
  return { shape: tensor.shape.length > 1 ? [batch, taken] : [taken], data };
}
