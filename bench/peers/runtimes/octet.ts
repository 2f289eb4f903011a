/**
 * Octet as a measured process.
 *
 * @module
 */

import { measure } from "../measure.ts";

await measure(async ({ model: file, octet }, sample) => {
  const { Model }: typeof import("../../../mod.ts") = await import(octet);
  const model = await Model.load(file!);
  const input = { [model.inputs[0].name]: sample };
  const output = model.outputs[0].name;
  return () => model.run(input)[output].data;
});
