import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { exportOnnx } from "../calibrate/export/export_onnx.ts";
import { floatModel } from "../calibrate/float_model.ts";
import type { Graph, Node } from "../calibrate/graph/graph.ts";
import { float, floats, type ModelSpec, type NodeSpec, writeOnnx } from "../calibrate/onnx/encode.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { lower } from "../calibrate/program/lower.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { elementCount } from "../runtime/tensor.ts";
import { convolution, fidelity, kernelsOf, quantize } from "./support/quantized_graph.ts";
import { type Random, random } from "./support/random.ts";

/** Normalises rows of an array, as the specification of ONNX says. */
function normalizeRows(
  input: Float32Array,
  { scale, bias, epsilon }: { scale: Float32Array; bias: Float32Array | undefined; epsilon: number },
): number[] {
  const { length } = scale;
  return Array.from({ length: input.length / length }, (_, row) => {
    const values = Array.from(input.subarray(row * length, (row + 1) * length));
    const mean = values.reduce((sum, value) => sum + value, 0) / length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
    return values.map((value, i) => (value - mean) / Math.sqrt(variance + epsilon) * scale[i] + (bias?.[i] ?? 0));
  }).flat();
}

function drawCase(draw: Random): { spec: ModelSpec; expected: (input: Float32Array) => number[] } {
  const shape = Array.from({ length: draw.integer(1, 5) }, () => draw.integer(1, 5));
  const axis = draw.integer(0, shape.length - 1);
  const row = shape.slice(axis);
  const length = elementCount(row);
  const scale = draw.f32(length, 0.5, 2);
  const bias = draw.integer(0, 1) === 0 ? draw.f32(length) : undefined;
  const epsilon = Math.fround(draw.pick([1e-5, 1e-3, 0.5]));
  const spec: ModelSpec = {
    inputs: { x: shape },
    outputs: ["y"],
    constants: { scale: floats(row, scale), ...(bias && { bias: floats(row, bias) }) },
    nodes: [{
      op: "LayerNormalization",
      inputs: ["x", "scale", ...(bias ? ["bias"] : [])],
      outputs: ["y"],
      attributes: { axis: draw.pick([axis, axis - shape.length]), epsilon: float(epsilon) },
    }],
  };
  return { spec, expected: (input) => normalizeRows(input, { scale, bias, epsilon }) };
}

async function run(graph: Graph, input: Float32Array): Promise<ArrayLike<number>> {
  const answers = (await floatModel(graph)).run({ [graph.inputs[0].name]: input });
  return Object.values(answers)[0].data;
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], label: string): void {
  assertEquals(actual.length, expected.length, label);
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 2e-5 * Math.max(1, Math.abs(value)), label));
}

Deno.test("LayerNormalization is what ONNX says at every rank and over any last dimensions", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const draw = random(seed);
    const { spec, expected } = drawCase(draw);
    const input = draw.f32(elementCount(spec.inputs.x as number[]));
    assertClose(await run(importOnnx(writeOnnx(spec), { name: "test" }), input), expected(input), `seed ${seed}`);
  }
});

Deno.test("LayerNormalization finds its dimensions in images that are held with channels last", async () => {
  const draw = random(3);
  const shape = [1, 3, 4, 5];
  const identity = Float32Array.from({ length: 9 }, (_, i) => i % 4 === 0 ? 1 : 0);
  for (const axis of [1, 2, 3]) {
    const row = shape.slice(axis);
    const [scale, bias] = [draw.f32(elementCount(row)), draw.f32(elementCount(row))];
    const nodes: NodeSpec[] = [
      { op: "Conv", inputs: ["x", "w"], outputs: ["c"] },
      { op: "LayerNormalization", inputs: ["c", "scale", "bias"], outputs: ["y"], attributes: { axis } },
    ];
    const constants = { w: floats([3, 3, 1, 1], identity), scale: floats(row, scale), bias: floats(row, bias) };
    const graph = importOnnx(writeOnnx({ inputs: { x: shape }, outputs: ["y"], constants, nodes }), { name: "test" });
    const input = draw.f32(elementCount(shape));
    assertClose(await run(graph, input), normalizeRows(input, { scale, bias, epsilon: 1e-5 }), `axis ${axis}`);
  }
});

Deno.test("Parameters of LayerNormalization are broadcast over the dimensions that it normalises", async () => {
  const draw = random(4);
  for (const parameter of [[1], [1, 1, 3], [2, 1], [3], []]) {
    const data = draw.f32(elementCount(parameter), 0.5, 2);
    const graph = importOnnx(
      writeOnnx({
        inputs: { x: [2, 2, 3] },
        outputs: ["y"],
        constants: { scale: floats(parameter, data) },
        nodes: [{ op: "LayerNormalization", inputs: ["x", "scale"], outputs: ["y"], attributes: { axis: 1 } }],
      }),
      { name: "test" },
    );
    const [rows, columns] = [parameter.at(-2) ?? 1, parameter.at(-1) ?? 1];
    const at = (row: number, column: number) => data[(rows === 1 ? 0 : row) * columns + (columns === 1 ? 0 : column)];
    const scale = Float32Array.from({ length: 6 }, (_, i) => at(Math.floor(i / 3), i % 3));
    const input = draw.f32(12);
    assertClose(
      await run(graph, input),
      normalizeRows(input, { scale, bias: undefined, epsilon: 1e-5 }),
      `[${parameter}]`,
    );
  }
});

Deno.test("LayerNormalization makes a mean only where it is used, and is refused where its parameters do not fit", () => {
  const spec = (node: Partial<NodeSpec>, constants: ModelSpec["constants"], outputs = ["y"]): ModelSpec => ({
    inputs: { x: [2, 3] },
    outputs,
    constants: { ...constants },
    nodes: [{ op: "LayerNormalization", inputs: ["x", "scale"], outputs: ["y", "mean", "deviation"], ...node }],
  });
  const scale = floats([3], [1, 2, 3]);
  const load = (model: ModelSpec) => importOnnx(writeOnnx(model), { name: "test" });
  assertEquals(load(spec({}, { scale })).nodes.map(({ op }) => op), ["layerNormalization"]);
  assertEquals(load(spec({}, { scale }, ["y", "mean"])).nodes.map(({ op }) => op), [
    "layerNormalization",
    "reduceMean",
  ]);
  assertThrows(() => load(spec({}, { scale: floats([2], [1, 2]) })), TypeError, "does not broadcast to [3]");
  assertThrows(() => load(spec({}, { scale: floats([2, 3], [1, 2, 3, 4, 5, 6]) })), TypeError, "does not broadcast");
  assertThrows(() => load(spec({ attributes: { stash_type: 10 } }, { scale })), TypeError, "float32");
});

Deno.test("LayerNormalization between 8-bit layers computes in float, and its layers stay 8 bits", async () => {
  const draw = random(6);
  const quantized = await quantize({
    inputs: { x: [1, 6, 6, 4] },
    shapes: { a: [1, 6, 6, 8], n: [1, 6, 6, 8], y: [1, 6, 6, 4] },
    nodes: [
      convolution({ inputs: ["x"], output: "a", weightShape: [8, 4, 3, 3] }),
      { op: "layerNormalization", inputs: ["a"], output: "n", axes: [3], epsilon: 1e-5, scale: draw.f32(8) } as Node,
      convolution({ inputs: ["n"], output: "y", weightShape: [4, 8, 1, 1] }, 5),
    ],
  });
  assertEquals(kernelsOf(quantized, "n"), ["layer_normalization_f32", "quantize"]);
  assertEquals(kernelsOf(quantized, "a"), ["convolution_u8"]);
  assert(fidelity(quantized) > 30);
});

Deno.test("LayerNormalization is exported as it was imported", async () => {
  for (let seed = 101; seed <= 110; seed++) {
    const draw = random(seed);
    const { spec, expected } = drawCase(draw);
    const { program, data } = lower(importOnnx(writeOnnx(spec), { name: "test" }));
    const exported = exportOnnx(await readBundle(await writeBundle(program, data)));
    const input = draw.f32(elementCount(spec.inputs.x as number[]));
    assertClose(await run(importOnnx(exported, { name: "again" }), input), expected(input), `seed ${seed}`);
  }
});

/** A layer normalisation as exporters spell it out before operator set 17. */
function spelledOut(
  row: number[],
  parts: { power: boolean; swapped: boolean; scale?: Float32Array; bias?: Float32Array; epsilon?: number[] },
): ModelSpec {
  const axes = row.map((_, i) => i - row.length);
  const ordered = (a: string, b: string) => parts.swapped ? [b, a] : [a, b];
  const nodes: NodeSpec[] = [
    { op: "ReduceMean", inputs: ["x"], outputs: ["mean"], attributes: { axes } },
    { op: "Sub", inputs: ["x", "mean"], outputs: ["centred"] },
    parts.power
      ? { op: "Pow", inputs: ["centred", "two"], outputs: ["square"] }
      : { op: "Mul", inputs: ["centred", "centred"], outputs: ["square"] },
    { op: "ReduceMean", inputs: ["square"], outputs: ["variance"], attributes: { axes } },
    { op: "Add", inputs: ordered("variance", "epsilon"), outputs: ["sum"] },
    { op: "Sqrt", inputs: ["sum"], outputs: ["root"] },
    { op: "Div", inputs: ["centred", "root"], outputs: ["normal"] },
    ...(parts.scale ? [{ op: "Mul", inputs: ordered("normal", "scale"), outputs: ["scaled"] }] : []),
    ...(parts.bias ? [{ op: "Add", inputs: ordered(parts.scale ? "scaled" : "normal", "bias"), outputs: ["y"] }] : []),
  ];
  nodes.at(-1)!.outputs = ["y"];
  return {
    opset: 13,
    inputs: { x: [2, ...row] },
    outputs: ["y"],
    nodes,
    constants: {
      two: floats([], [2]),
      epsilon: floats(parts.epsilon ?? [], [1e-5]),
      ...(parts.scale && { scale: floats(row, parts.scale) }),
      ...(parts.bias && { bias: floats(row, parts.bias) }),
    },
  };
}

Deno.test("A layer normalisation that is spelled out becomes one node, with its factor and addend", async () => {
  for (const row of [[7], [3, 4]]) {
    for (
      const [power, swapped, scaled, shifted] of [0, 5, 6, 11, 13, 15].map((n) =>
        [8, 4, 2, 1].map((bit) => !!(n & bit))
      )
    ) {
      const draw = random(9);
      const scale = draw.f32(elementCount(row), 0.5, 2);
      const bias = draw.f32(elementCount(row));
      const spec = spelledOut(row, { power, swapped, ...(scaled && { scale }), ...(shifted && { bias }) });
      const graph = importOnnx(writeOnnx(spec), { name: "test" });
      assertEquals(graph.nodes.map(({ op }) => op), ["layerNormalization"], `${[power, swapped, scaled, shifted]}`);
      const input = draw.f32(2 * elementCount(row));
      const expected = normalizeRows(input, {
        scale: scaled ? scale : new Float32Array(scale.length).fill(1),
        bias: shifted ? bias : undefined,
        epsilon: 1e-5,
      });
      assertClose(await run(graph, input), expected, `${[power, swapped, scaled, shifted]}`);
    }
  }
});

Deno.test("What only looks like a layer normalisation is not taken for one", () => {
  const load = (spec: ModelSpec) => importOnnx(writeOnnx(spec), { name: "test" });
  const spec = spelledOut([4], { power: true, swapped: false });
  const change = (index: number, node: Partial<NodeSpec>): ModelSpec => ({
    ...spec,
    nodes: spec.nodes.map((old, i) => i === index ? { ...old, ...node } : old),
  });
  const others: ModelSpec[] = [
    change(2, { inputs: ["x", "two"] }),
    change(3, { attributes: { axes: [0] } }),
    { ...spec, constants: { ...spec.constants, two: floats([], [3]) } },
    spelledOut([4], { power: true, swapped: false, epsilon: [1, 1, 1] }),
  ];
  for (const other of others) assert(!load(other).nodes.some(({ op }) => op === "layerNormalization"));
  assert(load({ ...spec, outputs: ["y", "root"] }).outputs.length === 2);
});
