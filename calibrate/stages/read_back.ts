/**
 * The last stage of a calibration: its bundle is read as users read it, and
 * answers as the program did from which it was written.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import { Model } from "../../runtime/model.ts";
import { normalizePixels } from "../../runtime/preprocessing.ts";
import type { Sample } from "../dataset/dataset.ts";
import type { Lowered } from "../program/lower.ts";

/**
 * Loads a bundle, runs a sample through it, and compares every output bit for bit.
 *
 * @param lowered The program that was written.
 * @returns The first output.
 * @throws {Error} Where the bundle is refused or answers otherwise, which is a defect.
 */
export async function readBack(bundle: Uint8Array, lowered: Lowered, sample: Sample): Promise<Float32Array> {
  const model = await Model.load(bundle).catch((cause) => {
    throw new Error(`The bundle that was made cannot be read: ${cause.message}`, { cause });
  });
  const outputs = "pixels" in sample
    ? model.runPixels(sample.pixels)
    : model.run({ [model.inputs[0].name]: { shape: lowered.program.inputs[0].shape, data: sample.tensor } });
  const executor = new Executor(lowered);
  const { program } = executor;
  const input = executor.tensor(program.inputs[0].tensor) as Float32Array;
  if ("pixels" in sample) normalizePixels(sample.pixels, model.preprocessing!, input);
  else input.set(sample.tensor);
  executor.run();
  for (const { name, tensor } of program.outputs) {
    const expected = executor.tensor(tensor) as Float32Array;
    const { data } = outputs[name];
    const position = expected.findIndex((value, index) => !Object.is(value, data[index]));
    if (position >= 0 || data.length !== expected.length) {
      throw new Error(
        `The bundle that was made gives ${data[position]} at position ${position} of output "${name}", not ${
          expected[position]
        } as while it was made`,
      );
    }
  }
  return outputs[program.outputs[0].name].data;
}
