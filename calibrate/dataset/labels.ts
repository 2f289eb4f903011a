/**
 * Class labels of samples.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import { readFile } from "../read_file.ts";
import { readNpy } from "./npy.ts";

/**
 * Reads labels from a one-dimensional `.npy` file of int32, int64 or uint8.
 *
 * @param path Path of the file.
 * @param samples Number of samples that the labels are for.
 * @returns Class index of each sample.
 * @throws {TypeError} If the file cannot be read, or holds other elements or more dimensions.
 * @throws {RangeError} If the number of labels isn't that of the samples, or a label is no class index.
 * @throws {SyntaxError} If the file can't be parsed.
 */
export async function readLabels(
  path: string,
  samples: number,
): Promise<Int32Array> {
  const { type, shape, data } = readNpy(await readFile(path), path);
  if (type !== "int32" && type !== "int64" && type !== "uint8") {
    throw new InputError(
      `${path} holds ${type}, expected labels of int32, int64 or uint8`,
    );
  }
  if (shape.length !== 1) {
    throw new InputError(`${path} has ${shape.length} dimensions, expected 1`);
  }
  if (data.length !== samples) {
    throw new InputRangeError(
      `${path} has ${data.length} labels for ${samples} samples`,
    );
  }
  const labels = new Int32Array(data.length);
  for (let index = 0; index < labels.length; index++) {
    const label = Number(data[index]);
    if (label < 0 || label > 0x7fffffff) {
      throw new InputRangeError(
        `Label ${index} of ${path} is ${data[index]}, expected a class index of 0 or more`,
      );
    }
    labels[index] = label;
  }
  return labels;
}
