/**
 * A program that runs a small network many times, for a trace of its garbage
 * collections. Its argument says whether each step comes with an object.
 *
 * @module
 */

import { readBundle } from "../../runtime/bundle/read.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { Executor } from "../../runtime/executor.ts";
import { smallParts } from "./tiny_bundle.ts";

const RUNS = 50_000;

const { program, data } = smallParts();
const executor = new Executor(await readBundle(await writeBundle(program, data)));
const input = program.inputs[0].tensor;
const steps = Deno.args[0] === "allocate" ? program.steps.length : 0;
const kept: unknown[] = [];

for (let run = 0; run < RUNS; run++) {
  for (let step = 0; step < steps; step++) kept[step] = { step };
  executor.tensor(input)[0] = 1;
  executor.run();
}
