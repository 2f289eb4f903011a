/**
 * Opening of the samples that `--data` and `--labels` name.
 *
 * @module
 */

import { fileError } from "../../cli/file_error.ts";
import { InputRangeError } from "../../runtime/errors.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { Classes } from "./classes.ts";
import type { Dataset, SampleSource } from "./dataset.ts";
import { imageFolderSource } from "./image_folder.ts";
import { readLabels } from "./labels.ts";
import { npySource } from "./npy_source.ts";

/** The word that stands for no labels, not even those of class sub-folders. */
const NO_LABELS = "none";

/** What samples are for, and which of them are wanted. */
export interface DatasetOptions {
  /** Shape of the network's input in its own layout, such as [1, 3, 224, 224]; a free batch counts as 1. */
  inputShape: readonly number[];
  /** Path of a `.npy` file with a class index for each sample, or "none"; absent: from class sub-folders, if any. */
  labels?: string;
  /** The network's classes, which class sub-folders have to match; absent where they are not known. */
  classes?: Classes;
  /** Number of samples to take, evenly spread; absent or more than there are: all. */
  samples?: number;
  /** Which of several subsets without a sample in common, each of `samples`; absent: the only one. */
  subset?: { index: number; count: number };
  /** Recipe for images. */
  preprocessing?: Preprocessing;
  /** Whether a recipe without a resize takes images of any size, as the runtime does; absent: no, for calibration. */
  anySize?: boolean;
}

/**
 * Opens samples: a `.npy` file or a folder of JPEG, PNG and WebP files.
 *
 * Nothing but heads and labels is read until a sample is. Sample i of n taken
 * from a set of N is the one at floor(i N / n); in subset r of R, from 0, the
 * one at floor((i R + r) N / (n R)).
 *
 * @param path Path of the file or folder.
 * @param options What they are for.
 * @returns The samples.
 * @throws {RangeError} If there is nothing at the path, no samples, too few for the subsets, images of another size, or labels or class sub-folders that don't match.
 * @throws {TypeError} If the elements or shapes don't suit the network.
 * @throws {SyntaxError} If a file can't be parsed.
 */
export async function openDataset(
  path: string,
  options: DatasetOptions,
): Promise<Dataset> {
  const { inputShape, preprocessing, samples, subset = { index: 0, count: 1 } } = options;
  if (samples !== undefined && (!Number.isInteger(samples) || samples < 1)) {
    throw new InputRangeError(
      `The number of samples must be a positive integer, not ${samples}`,
    );
  }
  const source = await isFolder(path)
    ? await imageFolderSource(path, inputShape, preprocessing, options)
    : await npySource(path, inputShape, preprocessing, options);
  if (source.length === 0) throw new InputRangeError(`No samples in ${path}`);
  if (options.labels !== undefined && options.labels !== NO_LABELS) {
    source.labels = await readLabels(options.labels, source.length);
  }
  const { count } = subset;
  const length = count === 1
    ? Math.min(samples ?? source.length, source.length)
    : samples ?? Math.floor(source.length / count);
  if (length < 1 || length * count > source.length) {
    throw new InputRangeError(
      `${count} subsets of ${Math.max(1, length)} samples each take ${
        count * Math.max(1, length)
      }: ${path} has ${source.length}`,
    );
  }
  return choose(source, length, subset);
}

function choose(source: SampleSource, length: number, subset: { index: number; count: number }): Dataset {
  const position = (index: number) =>
    Math.floor((index * subset.count + subset.index) * source.length / (length * subset.count));
  const { kind, classes, labels, files } = source;
  return {
    length,
    kind,
    ...(classes && { classes }),
    ...(labels &&
      {
        labels: Int32Array.from(
          { length },
          (_, index) => labels[position(index)],
        ),
      }),
    nameOf: (index) => files?.[position(index)] ?? `sample ${position(index)}`,
    async sample(index) {
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw new RangeError(
          `There is no sample ${index}, expected 0 to ${length - 1}`,
        );
      }
      return await source.read(position(index));
    },
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new InputRangeError(`No such file or folder: ${path}`, { cause: error });
    }
    throw fileError(path, error);
  }
}
