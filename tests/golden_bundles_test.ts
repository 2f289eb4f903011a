import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { decodeBase64 } from "../runtime/base64.ts";
import { type Bundle, readBundle } from "../runtime/bundle/read.ts";
import { Executor } from "../runtime/executor.ts";
import { KERNELS } from "../runtime/kernels/registry.ts";
import { Model } from "../runtime/model.ts";
import { KERNEL_HOSTS } from "./support/kernel_hosts.ts";

/** What a bundle answered when it was made; arrays as base64 of their bytes. */
interface Answers {
  inputs: Record<string, string>;
  outputs: Record<string, string>;
  /** Prepared pixels of one image, and the answers to it. */
  pixels?: string;
  pixelOutputs?: Record<string, string>;
}

const folder = new URL("golden/", import.meta.url);
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".octet")).sort();

async function read(name: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; bundle: Bundle; answers: Answers }> {
  const bytes = await Deno.readFile(new URL(name, folder));
  const answers = JSON.parse(await Deno.readTextFile(new URL(name.replace(/octet$/, "json"), folder)));
  return { bytes, bundle: await readBundle(bytes), answers };
}

function floats(text: string): Float32Array<ArrayBuffer> {
  return new Float32Array(decodeBase64(text).buffer);
}

function mapped<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Runs sample by sample; gives all outputs by name, as {@linkcode Answers} has them. */
function run(executor: Executor, inputs: Record<string, Float32Array>): Record<string, Float32Array> {
  const { program } = executor;
  const first = program.inputs[0];
  const samples = inputs[first.name].length / executor.tensor(first.tensor).length;
  const results = Object.fromEntries(program.outputs.map(({ name }) => [name, [] as number[]]));
  for (let sample = 0; sample < samples; sample++) {
    for (const { name, tensor } of program.inputs) {
      const view = executor.tensor(tensor);
      view.set(inputs[name].subarray(sample * view.length, (sample + 1) * view.length));
    }
    executor.run();
    for (const { name, tensor } of program.outputs) results[name].push(...executor.tensor(tensor));
  }
  return mapped(results, (values) => Float32Array.from(values));
}

for (const name of names) {
  const version = Number(/v(\d+)\.octet$/.exec(name)![1]);

  for (const [host, instantiate] of Object.entries(KERNEL_HOSTS)) {
    Deno.test(`${name} answers as on the day it was made: ${host}`, async () => {
      const { bundle, answers } = await read(name);
      const executor = new Executor(bundle, {}, instantiate());
      for (let round = 0; round < 2; round++) {
        assertEquals(run(executor, mapped(answers.inputs, floats)), mapped(answers.outputs, floats));
      }
    });
  }

  Deno.test(`${name} is of version ${version}, and a model of it answers the same`, async () => {
    const { bytes, answers } = await read(name);
    assertEquals(new DataView(bytes.buffer).getUint32(8, true), version);
    const model = await Model.load(fileURLToPath(new URL(name, folder)));
    const results = model.run(mapped(answers.inputs, floats));
    assertEquals(mapped(results, ({ data }) => data), mapped(answers.outputs, floats));
    assertEquals(answers.pixels !== undefined, model.preprocessing !== undefined);
    if (answers.pixels === undefined) return;
    const ofPixels = model.runPixels(decodeBase64(answers.pixels));
    assertEquals(mapped(ofPixels, ({ data }) => data), mapped(answers.pixelOutputs!, floats));
  });
}

Deno.test("the golden bundles have steps of every kernel", async () => {
  const used = new Set<string>();
  for (const name of names) {
    for (const { kernel } of (await read(name)).bundle.program.steps) used.add(kernel);
  }
  assertEquals(Object.keys(KERNELS).filter((kernel) => !used.has(kernel)), []);
  assert(names.some((name) => name.includes("v1")) && names.some((name) => name.includes("v2")));
});
