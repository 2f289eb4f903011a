/**
 * A process that loads a bundle and runs it: `octet.ts BUNDLE RUNS`. It says
 * when the first result was there and how long each run took.
 *
 * @module
 */

import { Model } from "../../mod.ts";
import { peakMemory } from "./peak_memory.ts";

const [bundle, runs] = Deno.args;
const imported = performance.now();
const model = await Model.load(bundle);
const loaded = performance.now();
const [{ name, shape }] = model.inputs;
const input = { [name]: new Float32Array(shape.reduce((length, size) => length * Math.abs(size), 1)).fill(0.5) };
const times = [timeRun()];
const firstResult = performance.now();
const memory = peakMemory();
while (times.length < Number(runs)) {
  // Between tasks, the engine puts optimised code in place.
  await new Promise((resolve) => setTimeout(resolve, 0));
  times.push(timeRun());
}
console.log(JSON.stringify({
  firstResult: performance.timeOrigin + firstResult,
  load: loaded - imported,
  peakMemory: memory,
  times,
}));

function timeRun(): number {
  const start = performance.now();
  model.run(input);
  return performance.now() - start;
}
