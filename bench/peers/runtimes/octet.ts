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
  const [{ name, shape }] = model.outputs;
  const result = new Float32Array(shape.reduce((length, size) => length * Math.abs(size), 1));
  const [input, results] = [{ [model.inputs[0].name]: sample }, { [name]: result }];
  return () => model.runInto(input, results)[name].data;
});
