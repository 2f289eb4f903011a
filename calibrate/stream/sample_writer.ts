/**
 * From a sample to the input of a program.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import type { Executor } from "../../runtime/executor.ts";
import { normalizePixels } from "../../runtime/preprocessing.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { FINGERPRINT_BYTES, fingerprintOf } from "../dataset/fingerprint.ts";
import { type DatasetOptions, openDataset } from "../dataset/open_dataset.ts";

/** A sample that was read. */
export interface ReadSample {
  /** Writes it into the input of an executor. */
  write: (executor: Executor) => void;
  /** What it is recognised by. */
  fingerprint: () => Promise<Uint8Array>;
}

/** Samples that can be written into executors. */
export interface SampleWriter {
  /** The samples. */
  dataset: Dataset;
  /**
   * From here on, samples must be known ones.
   *
   * @param fingerprints Those of all samples, one after the other.
   */
  expect(fingerprints: Uint8Array): void;
  /**
   * Reads a sample.
   *
   * @throws {RangeError} Where it is not the one that is expected.
   */
  read(sample: number): Promise<ReadSample>;
}

/** Opens samples. @param data Their path. */
export async function openSampleWriter(data: string, options: DatasetOptions): Promise<SampleWriter> {
  const dataset = await openDataset(data, options);
  let expected: Uint8Array | undefined;
  return {
    dataset,
    expect(fingerprints) {
      expected = fingerprints;
    },
    async read(sample) {
      const content = await dataset.sample(sample);
      if (expected) {
        const fingerprint = await fingerprintOf(content);
        const offset = sample * FINGERPRINT_BYTES;
        if (fingerprint.some((byte, index) => byte !== expected![offset + index])) {
          throw new InputRangeError(`Sample ${sample} of ${data} is not the one that the statistics are of`);
        }
      }
      return {
        write(executor) {
          const target = executor.tensor(executor.program.inputs[0].tensor) as Float32Array;
          if ("tensor" in content) target.set(content.tensor);
          else normalizePixels(content.pixels, options.preprocessing!, target);
        },
        fingerprint: () => fingerprintOf(content),
      };
    },
  };
}
