/**
 * Reading of the data that stand beside a model's file.
 *
 * @module
 */

import { dirname, resolve, sep } from "node:path";
import { fileError } from "../cli/file_error.ts";
import { InputError } from "../runtime/errors.ts";
import type { ReadExternalData } from "./onnx/external_data.ts";

/**
 * Reads data of a model's tensors from files in its folder, each part where it is asked for.
 *
 * A link that leads out of the folder is followed only to where the model's own
 * file leads, as in caches that keep all files under other names.
 *
 * @param model Path of the model's file.
 * @returns What {@linkcode importOnnx} takes as `external`; it throws an InputError where a file cannot be read or ends early.
 */
export function externalDataBeside(model: string): ReadExternalData {
  return (location, offset, length) => {
    const path = resolve(dirname(model), location);
    try {
      const real = Deno.realPathSync(path);
      const folders = [Deno.realPathSync(dirname(model)), dirname(Deno.realPathSync(model))];
      if (!folders.some((folder) => real.startsWith(folder.endsWith(sep) ? folder : folder + sep))) {
        throw new InputError("it leads out of the model's folder");
      }
      using file = Deno.openSync(real);
      if (!file.statSync().isFile) throw new InputError("it is not a file");
      file.seekSync(offset, Deno.SeekMode.Start);
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const read = file.readSync(bytes.subarray(filled));
        if (read === null) {
          throw new InputError(`it ends at byte ${offset + filled}: the model has data up to byte ${offset + length}`);
        }
        filled += read;
      }
      return bytes;
    } catch (error) {
      throw fileError(path, error);
    }
  };
}
