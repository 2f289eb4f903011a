import { assert, assertEquals } from "@std/assert";
import { type Bundle, readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Executor } from "../runtime/executor.ts";
import { createImageWriter } from "../runtime/image_input.ts";
import { instantiateKernels, instantiateModule, type KernelInstance } from "../runtime/kernels/instance.ts";
import { loadKernels } from "../runtime/kernels/modules.ts";
import { demoBundle } from "./support/demo_bundle.ts";
import { emulatedKernels } from "./support/emulated_dot.ts";
import { random } from "./support/random.ts";
import { smallParts } from "./support/tiny_bundle.ts";

await loadKernels("simd128");

function signedHost(): KernelInstance {
  return instantiateModule("relaxed", emulatedKernels("signed"));
}

async function demo(): Promise<Bundle> {
  return await readBundle(await demoBundle(4));
}

async function smallBundle(): Promise<Bundle> {
  const { program, data } = smallParts();
  return await readBundle(await writeBundle(program, data));
}

/** Runs a program step by step and returns what each step wrote. */
function traceSteps(executor: Executor, pixels: Uint8Array): (Uint8Array | Uint32Array)[] {
  const { steps, preprocessing } = executor.program;
  const first = createImageWriter(executor, preprocessing!)(pixels);
  return steps.slice(first).map(({ output }, index) => {
    executor.run(first + index, first + index + 1);
    const values = executor.values(output);
    return values instanceof Uint8Array ? values : new Uint32Array(values.buffer);
  });
}

for (const [name, make] of [["The demo network", demo], ["A network of most kernels", smallBundle]] as const) {
  Deno.test(`${name} gives the same at every step on a host with a signed dot product`, async () => {
    const bundle = await make();
    const { crop: [height, width], mean } = bundle.program.preprocessing!;
    const draw = random(81);
    const simd128 = new Executor(bundle, {}, instantiateKernels("simd128"));
    const signed = new Executor(bundle, {}, signedHost());
    assertEquals([simd128.flip, signed.flip], [0, 128]);
    for (let round = 0; round < 3; round++) {
      const pixels = draw.u8(height * width * mean.length);
      assertEquals(traceSteps(signed, pixels), traceSteps(simd128, pixels));
    }
  });
}

Deno.test("A constant replaced after loading counts on a host with a signed dot product", async () => {
  const bundle = await smallBundle();
  const { program } = bundle;
  const pixels = new Uint8Array(6 * 6 * 3).fill(200);
  const layers = program.steps.filter(({ kernel }) => kernel === "convolution_u8" || kernel === "depthwise_u8");
  assert(layers.length >= 3);
  const results = [instantiateKernels("simd128"), signedHost()].map((instance) => {
    const executor = new Executor(bundle, {}, instance);
    const before = traceSteps(executor, pixels);
    for (const { constants: [, bias] } of layers) {
      executor.setConstant(bias, executor.constant(bias).slice().map((value) => value + 900));
    }
    const after = traceSteps(executor, pixels);
    assert(JSON.stringify(after) !== JSON.stringify(before));
    return after;
  });
  assertEquals(results[1], results[0]);
});
