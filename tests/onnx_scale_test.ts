import { assert, assertEquals } from "@std/assert";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { calibrate } from "../calibrate/calibrate.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { lower } from "../calibrate/program/lower.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { floats, ints, type ModelSpec, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Nodes in a row, each made from the one before. */
function chain(
  count: number,
  make: (index: number) => Omit<NodeSpec, "outputs">,
  more: Partial<ModelSpec> = {},
): ModelSpec {
  const nodes = Array.from({ length: count }, (_, i): NodeSpec => {
    const { inputs, ...rest } = make(i);
    return {
      ...rest,
      inputs: inputs.map((input) => input === "" ? (i === 0 ? "x" : `v${i}`) : input),
      outputs: [`v${i + 1}`],
    };
  });
  return { inputs: { x: ["N", 4] }, outputs: [`v${count}`], nodes, ...more };
}

/** Networks of a size; every one had a step that took time with the square of it. */
const NETWORKS: Record<string, (size: number) => ModelSpec> = {
  "activations in a row": (size) => chain(size, (i) => ({ op: i % 2 ? "Tanh" : "Sigmoid", inputs: [""] })),
  "nodes of one name": (size) => chain(size, (i) => ({ op: i % 2 ? "Tanh" : "Sigmoid", name: "same", inputs: [""] })),
  "arithmetic with constants in a row": (size) =>
    chain(size, (i) => ({ op: i % 2 ? "Add" : "Mul", inputs: ["", "c"] }), {
      constants: { c: floats([4], [1, 0.5, 1, 2]) },
    }),
  "products with ones in a row, all read": (size) => {
    const spec = chain(size, () => ({ op: "Mul", inputs: ["", "one"] }), { constants: { one: floats([1], [1]) } });
    spec.nodes.push({ op: "Sum", inputs: spec.nodes.map(({ outputs }) => outputs[0]), outputs: ["y"] });
    return { ...spec, outputs: ["y"] };
  },
  "layers in a row": (size) =>
    chain(size, () => ({ op: "Gemm", inputs: ["", "w"] }), {
      constants: { w: floats([4, 4], new Float32Array(16).fill(0.25)) },
    }),
  "shapes taken and given": (size) => {
    const spec = chain(size, (i) => ({ op: "Reshape", inputs: ["", i % 2 ? "s" : "t"] }), {
      constants: { s: ints([-1, 4]), t: ints([-1, 2, 2]) },
    });
    return { ...spec, nodes: [...spec.nodes, { op: "Relu", inputs: spec.outputs, outputs: ["y"] }], outputs: ["y"] };
  },
  "a Sum of many": (size) => ({
    inputs: { x: ["N", 4] },
    outputs: ["y"],
    nodes: [{ op: "Sum", inputs: new Array(size).fill("x"), outputs: ["y"] }],
  }),
  "a Split into many": (size) => ({
    opset: 13,
    inputs: { x: ["N", size] },
    outputs: ["y"],
    nodes: [
      { op: "Split", inputs: ["x"], outputs: names(size, "s"), attributes: { axis: 1 } },
      { op: "Concat", inputs: names(size, "s").reverse(), outputs: ["y"], attributes: { axis: 1 } },
    ],
  }),
  "constants in a row": (size) => {
    const spec = chain(size, () => ({ op: "Add", inputs: ["", "c"] }), {
      constants: { c: floats([4], [1, 2, 3, 4]), x: floats([4], [0, 0, 0, 0]) },
    });
    const last = spec.outputs[0];
    return {
      ...spec,
      inputs: { input: ["N", 4] },
      outputs: ["y"],
      nodes: [...spec.nodes, { op: "Add", inputs: ["input", last], outputs: ["y"] }],
    };
  },
  "many inputs and many outputs": (size) => ({
    inputs: Object.fromEntries(names(size, "x").map((name) => [name, ["N", 4]])),
    outputs: names(size, "y"),
    nodes: names(size, "y").map((output, i) => ({ op: "Tanh", inputs: [`x${i}`], outputs: [output] })),
  }),
};

/** Milliseconds that a part takes, the least of three times. */
async function time(part: () => unknown): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await part();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

for (const [name, make] of Object.entries(NETWORKS)) {
  Deno.test(`import, lowering and reading take time in proportion to the file: ${name}`, async () => {
    const [short, long] = [500, 4000];
    const measure = async (size: number) => {
      const bytes = writeOnnx(make(size));
      return await time(async () => {
        const { program, data } = lower(importOnnx(bytes, { name: "n" }));
        if (program.steps.length < 65_000) await readBundle(await writeBundle(program, data));
      });
    };
    const [before, after] = [await measure(short), await measure(long)];
    // Eight times the nodes: 64 times the work where it grows with the square.
    assert(after < 30 * before + 100, `${after.toFixed(0)} ms for ${long}, ${before.toFixed(0)} ms for ${short}`);
  });
}

Deno.test("the largest files import within seconds", () => {
  const sizes: Record<string, number> = {
    "activations in a row": 100_000,
    "a Sum of many": 10_000,
    "a Split into many": 20_000,
  };
  for (const [name, size] of Object.entries(sizes)) {
    const bytes = writeOnnx(NETWORKS[name](size));
    const start = performance.now();
    const graph = importOnnx(bytes, { name: "n" });
    const elapsed = performance.now() - start;
    assertEquals(graph.inputs.length, 1);
    assert(elapsed < 15_000, `${name}: ${elapsed.toFixed(0)} ms`);
  }
});

Deno.test("calibration takes time in proportion to the network", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy([2, 4], Float32Array.from({ length: 8 }, (_, i) => Math.sin(i))));
    const measure = async (size: number) => {
      const graph = importOnnx(writeOnnx(NETWORKS["layers in a row"](size)), { name: "n" });
      return await time(() => calibrate(graph, { data: path }));
    };
    const [before, after] = [await measure(30), await measure(240)];
    assert(after < 30 * before + 200, `${after.toFixed(0)} ms for 240 layers, ${before.toFixed(0)} ms for 30`);
  } finally {
    await Deno.remove(path);
  }
});
