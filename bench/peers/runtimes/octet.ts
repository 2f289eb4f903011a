/**
 * Octet as a measured process.
 *
 * @module
 */

import { Model } from "../../../mod.ts";
import { measure } from "../measure.ts";

await measure(async ({ model: file }, sample) => {
  const model = await Model.load(file!);
  const input = { [model.inputs[0].name]: sample };
  const output = model.outputs[0].name;
  return () => model.run(input)[output].data;
});
