import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { fitSizes, type Lengths } from "../calibrate/program/fit_sizes.ts";
import { lower } from "../calibrate/program/lower.ts";
import { fixSizes, mostSteps } from "../runtime/bundle/free_sizes.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { BundleError, InputError, InputRangeError } from "../runtime/errors.ts";
import { bundleLoader, createHandler, createRegistry } from "../runtime/http/mod.ts";
import { Model } from "../runtime/model.ts";
import type { FreeSize, Program } from "../runtime/program.ts";
import { DETECTOR, FREE_NETWORKS, type FreeNetworkSpec, node, programsOf, weights } from "./support/free_parts.ts";
import { KERNEL_HOSTS } from "./support/kernel_hosts.ts";
import { ints, writeOnnx } from "./support/onnx_writer.ts";
import { runTask } from "./support/task_command.ts";
import { randomFloats } from "./support/tiny_bundle.ts";

/** Lengths to try: the smallest, the largest, back again, and some between. */
function trials(sizes: readonly FreeSize[]): Lengths[] {
  const share = (shares: number[]) =>
    Object.fromEntries(
      sizes.map((size, index) => {
        const steps = Math.round(mostSteps(size) * shares[index % shares.length]);
        return [size.name, size.minimum + size.step * steps];
      }),
    );
  return [[0], [1], [0], [0, 1], [1, 0], [0.5], [0.2, 0.7], [0.9, 0.3], [0.13, 0.5]].map(share);
}

function inputAt({ spec, sizes }: FreeNetworkSpec, lengths: Lengths): { shape: number[]; data: Float32Array } {
  const shape = spec.inputs.x.map((length) => typeof length === "number" ? length : lengths[length] ?? 2);
  return { shape, data: randomFloats(shape.reduce((a, b) => a * b), sizes.length + shape.at(-1)!) };
}

for (const [name, network] of Object.entries(FREE_NETWORKS)) {
  for (const [host, instantiate] of Object.entries(KERNEL_HOSTS)) {
    Deno.test(`At every size ${name} answers as a bundle of that size does (${host})`, async () => {
      const programAt = await programsOf(network);
      const { program, data } = fitSizes(network.sizes, programAt);
      const bundle = await readBundle(await writeBundle(program, data));
      const model = new Model(bundle, {}, instantiate());
      for (const lengths of trials(network.sizes)) {
        const input = inputAt(network, lengths);
        const { z } = model.run({ x: input });
        const fixed = programAt(lengths);
        const alone = await Model.load(await writeBundle(fixed.program, fixed.data), { kernels: "simd128" });
        assertEquals(z, alone.run({ x: input }).z, JSON.stringify(lengths));
        const settled = new Model(fixSizes(bundle, lengths), {}, instantiate());
        assertEquals(settled.run({ x: input.data }).z, z);
      }
    });
  }
}

async function detector(): Promise<{ program: Program; data: Uint8Array; model: Model }> {
  const network = DETECTOR;
  const { program, data } = fitSizes(network.sizes, await programsOf(network));
  return { program, data, model: await Model.load(await writeBundle(program, data)) };
}

Deno.test("Free sizes are -1 in shapes, and their limits are told", async () => {
  const { model } = await detector();
  assertEquals(model.inputs, [{ name: "x", shape: [-1, 3, -1, -1] }]);
  assertEquals(model.outputs, [{ name: "z", shape: [-1, 2, -1, -1] }]);
  assertEquals(model.sizes, DETECTOR.sizes);
});

Deno.test("A length outside its range or between its steps is refused, and the next one runs", async () => {
  const { model } = await detector();
  const run = (h: number, w: number) =>
    model.run({ x: { shape: [1, 3, h, w], data: new Float32Array(Math.max(0, 3 * h * w || 0)) } }).z.shape;
  for (const [h, w] of [[4, 12], [44, 12], [10, 12], [8, 13], [8.5, 12], [NaN, 12], [-8, 12]]) {
    assertThrows(() => run(h, w), InputRangeError, "in steps of");
  }
  assertEquals(run(12, 18), [1, 2, 6, 9]);
});

Deno.test("Elements without a shape, of another rank, or of another number are refused where sizes are free", async () => {
  const { model } = await detector();
  assertThrows(() => model.run({ x: new Float32Array(288) }), InputError, "must be given with its shape");
  assertThrows(() => model.run({ x: { shape: [3, 8, 12], data: new Float32Array(288) } }), InputRangeError);
  assertThrows(
    () => model.run({ x: { shape: [1, 3, 8, 12], data: new Float32Array(287) } }),
    InputError,
    "287 elements",
  );
});

Deno.test("A length is fixed by its name; other names and lengths are refused", async () => {
  const { program, data } = await detector();
  const parts = { program, data };
  assertEquals(fixSizes(parts, { h: 16, w: 24 }).program.inputs[0].shape, [1, 3, 16, 24]);
  assertThrows(() => fixSizes(parts, { h: 16 }), InputError, '"w" is free, 12 to 60 in steps of 6');
  assertThrows(() => fixSizes(parts, { h: 16, w: 24, d: 1 }), InputError, 'no free size "d"');
  assertThrows(() => fixSizes(parts, { h: 17, w: 24 }), InputRangeError, "8 to 40 in steps of 4");
});

Deno.test("A network whose constants depend on a size is refused by the node's name", () => {
  const bytes = writeOnnx({
    inputs: { x: ["N", 4, "t"] },
    outputs: ["z"],
    constants: { shape: ints([1, -1]), w: weights([24, 2], 1) },
    nodes: [node("Shape", ["x"], "s"), node("Cast", ["s"], "c", { to: 1 }), node("Mul", ["x", "m"], "z"), {
      ...node("ReduceMax", ["c"], "m", { keepdims: 0 }),
    }],
  });
  const programAt = (dimensions: Lengths) => lower(importOnnx(bytes, { name: "n", dimensions }));
  assertThrows(
    () => fitSizes([{ name: "t", minimum: 6, maximum: 12, step: 1 }], programAt),
    InputError,
    "whose constants depend on them",
  );
});

Deno.test("A bundle whose free sizes are wrong is refused when it is read", async () => {
  const { program, data } = await detector();
  const free = program.free!;
  const first = free.numbers.find(({ path }) => path[0] === "steps")!;
  const wrong: Record<string, unknown> = {
    "free.sizes must not be empty": { ...free, sizes: [] },
    "different names": { ...free, sizes: [free.sizes[0], free.sizes[0]] },
    "whole steps": { ...free, sizes: [{ ...free.sizes[0], step: 5 }, free.sizes[1]] },
    "different paths": { ...free, numbers: [...free.numbers, free.numbers[0]] },
    "begin with a table": { ...free, numbers: [{ ...first, path: ["constants", 0, "length"] }] },
    "lead to an integer": { ...free, numbers: [{ ...first, path: ["steps", "length"] }] },
    "one of the sizes": { ...free, sizes: [{ ...free.sizes[0], minimum: 4 }, free.sizes[1]] },
    "every size": { ...free, numbers: free.numbers.filter(({ path }) => path[0] !== "inputs") },
    "Step": {
      ...free,
      numbers: free.numbers.map((n) => n === first ? { ...n, slopes: n.slopes.map((s) => s + 1) } : n),
    },
  };
  for (const [message, altered] of Object.entries(wrong)) {
    const bytes = await writeBundle({ ...program, free: altered as Program["free"] & object }, data);
    await assertRejects(() => readBundle(bytes), BundleError, message);
  }
});

Deno.test("A server tells free sizes as -1, takes any that is allowed and refuses others", async () => {
  const { program, data } = await detector();
  const bytes = await writeBundle(program, data);
  const source = bundleLoader(bytes);
  const handler = createHandler(createRegistry([{ name: "d", version: "1", ...source }]));
  const ask = (path: string, init?: RequestInit) => handler(new Request(`http://localhost/v2/models/d${path}`, init));
  assertEquals((await (await ask("")).json()).inputs[0].shape, [-1, 3, -1, -1]);
  const infer = async (h: number, w: number) => {
    const values = Array.from(randomFloats(3 * h * w, h));
    const inputs = [{ name: "x", datatype: "FP32", shape: [1, 3, h, w], data: values }];
    const response = await ask("/infer", { method: "POST", body: JSON.stringify({ inputs }) });
    return [response.status, await response.json(), values] as const;
  };
  for (const [h, w] of [[12, 24], [40, 60], [8, 12]]) {
    const [status, { outputs }, values] = await infer(h, w);
    const lone = await Model.load(bytes);
    const { z } = lone.run({ x: { shape: [1, 3, h, w], data: Float32Array.from(values) } });
    assertEquals([status, outputs[0].shape, outputs[0].data.map(Math.fround)], [200, z.shape, [...z.data]]);
  }
  const [status, { error }] = await infer(12, 25);
  assertEquals([status, error.includes("in steps of 6")], [400, true]);
  const headers = { "Inference-Header-Content-Length": "0" };
  const raw = await ask("/infer", { method: "POST", headers, body: new Uint8Array(12) });
  assertEquals([raw.status, (await raw.json()).error.includes("are free")], [400, true]);
});

Deno.test("calibrate keeps sizes free that evaluate, inspect and export fix, and refuses wrong ranges", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [network, samples, output] = ["d.onnx", "d.npy", "d.octet"].map((name) => `${folder}/${name}`);
    await Deno.writeFile(network, writeOnnx(DETECTOR.spec));
    await Deno.writeFile(samples, writeNpy([6, 3, 16, 24], randomFloats(6 * 3 * 16 * 24, 3)));
    const lengths = ["--dimension", "h=16", "--dimension", "w=24"];
    const common = [network, "--data", samples, "--output", output, ...lengths];
    const free = ["--free", "h=8..40:4", "--free", "w=12..60:6"];
    const made = await runTask("calibrate", [...common, ...free]);
    assertEquals(made.code, 0, made.stderr);
    const bytes = await Deno.readFile(output);
    assertEquals((await runTask("calibrate", common)).code, 0);
    const fixed = await Model.load(await Deno.readFile(output));
    const input = randomFloats(3 * 16 * 24, 5);
    const { z } = (await Model.load(bytes)).run({ x: { shape: [1, 3, 16, 24], data: input } });
    assertEquals(z, fixed.run({ x: input }).z);
    await Deno.writeFile(output, bytes);
    assertStringIncludes((await runTask("inspect", [output])).stdout, "h 8 to 40 in steps of 4");
    assertStringIncludes((await runTask("inspect", [output, ...lengths])).stdout, "[batch, 3, 16, 24]");
    const evaluated = await runTask("evaluate", [output, "--data", samples, "--float", network, ...lengths]);
    assertEquals(evaluated.code, 0, evaluated.stderr);
    const exported = ["export", [output, "--output", `${folder}/e.onnx`]] as const;
    assertStringIncludes((await runTask(exported[0], [...exported[1]])).stderr, '"h" is free');
    assertEquals((await runTask(exported[0], [...exported[1], ...lengths])).code, 0);
    for (
      const [ranges, message] of [
        [["h=8..40:5"], "--free must be a name, a range and a step"],
        [["h=8..40:4", "h=8..16:4"], '--free gives "h" two ranges'],
        [["N=1..4"], "add --dimension N=LENGTH"],
        [["h=20..40:4"], '"h" may be 20 to 40 in steps of 4'],
        [["h=8..41:1"], 'The network cannot keep "h" free'],
      ] as const
    ) {
      const { code, stderr } = await runTask("calibrate", [...common, ...ranges.flatMap((range) => ["--free", range])]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
