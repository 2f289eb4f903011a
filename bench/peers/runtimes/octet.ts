/**
 * Octet as a measured process. Its results go to one array, as the other
 * runtimes' inputs come from one tensor.
 *
 * @module
 */

import { Model } from "../../../mod.ts";
import { measure } from "../measure.ts";

await measure(async ({ model: file }, sample) => {
  const model = await Model.load(file!);
  const input = { [model.inputs[0].name]: sample };
  const output = model.outputs[0].name;
  const results: Record<string, Float32Array> = {};
  return () => results[output] = model.runInto(input, results)[output].data;
});
