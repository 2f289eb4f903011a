/**
 * From a sample to the input of a program.
 *
 * @module
 */

import { normalizePixels } from "../../runtime/preprocessing.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { type DatasetOptions, openDataset } from "../dataset/open_dataset.ts";

/** Writes a sample into the input of an executor. */
export type WriteSample = (executor: Executor) => void;

/** Samples that can be written into executors. */
export interface SampleWriter {
  /** The samples. */
  dataset: Dataset;
  /** Reads a sample. */
  read(sample: number): Promise<WriteSample>;
}

/** Opens samples. @param data Their path. */
export async function openSampleWriter(data: string, options: DatasetOptions): Promise<SampleWriter> {
  const dataset = await openDataset(data, options);
  return {
    dataset,
    async read(sample) {
      const content = await dataset.sample(sample);
      return (executor) => {
        const target = executor.tensor(executor.program.inputs[0].tensor) as Float32Array;
        if ("tensor" in content) target.set(content.tensor);
        else normalizePixels(content.pixels, options.preprocessing!, target);
      };
    },
  };
}
