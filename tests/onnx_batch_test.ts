import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { floatModel } from "../calibrate/float_model.ts";
import { UnsupportedNetworkError } from "../calibrate/onnx/errors.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { float, floats, ints, type ModelSpec, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";
import { randomFloats } from "./support/tiny_bundle.ts";

const SAMPLES = 4;

/** A network of inputs with a free batch "N". */
function network(shape: number[], nodes: NodeSpec[], constants: ModelSpec["constants"] = {}): ModelSpec {
  return { inputs: { x: ["N", ...shape] }, outputs: ["z"], constants, nodes };
}

function node(op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec {
  return { op, name: `${op} ${output}`, inputs, outputs: [output], attributes };
}

async function run(
  spec: ModelSpec,
  dimensions: Record<string, number>,
): Promise<{ shape: number[]; data: Float32Array }> {
  const model = await floatModel(importOnnx(writeOnnx(spec), { name: "n", dimensions }));
  const inputs = Object.entries(spec.inputs).map(([name, shape], seed) => {
    const own = shape.map((length) => typeof length === "number" ? length : SAMPLES);
    return [name, { shape: own, data: randomFloats(own.reduce((a, b) => a * b), seed + 1) }] as const;
  });
  return model.run(Object.fromEntries(inputs))[spec.outputs[0]];
}

/** Networks that keep samples apart, in whatever shape they pass by. */
const APART: Record<string, ModelSpec> = {
  "rows merged behind the batch and taken apart again": network([3, 4], [
    node("Reshape", ["x", "rows"], "r"),
    node("Gemm", ["r", "w"], "g"),
    node("Reshape", ["g", "back"], "z"),
  ], { rows: ints([-1, 4]), w: floats([4, 2], randomFloats(8, 3)), back: ints([-1, 3, 2]) }),
  "rows merged into the batch as an output": network([3, 4], [node("Reshape", ["x", "s"], "z")], { s: ints([-1, 4]) }),
  "samples moved inwards and back": network([3, 4], [
    node("Transpose", ["x"], "t", { perm: [1, 0, 2] }),
    node("Softmax", ["t"], "s", { axis: 0 }),
    node("Transpose", ["s"], "z", { perm: [1, 0, 2] }),
  ]),
  "samples between merged rows": network([3, 4], [
    node("Transpose", ["x"], "t", { perm: [1, 0, 2] }),
    node("Reshape", ["t", "rows"], "r"),
    node("MatMul", ["r", "w"], "m"),
    node("Reshape", ["m", "apart"], "a"),
    node("Transpose", ["a"], "z", { perm: [1, 0, 2] }),
  ], { rows: ints([-1, 4]), apart: ints([3, -1, 2]), w: floats([4, 2], randomFloats(8, 3)) }),
  "a flatten by the batch's length": network([3, 2, 2], [
    node("Shape", ["x"], "s"),
    node("Gather", ["s", "first"], "n", { axis: 0 }),
    node("Unsqueeze", ["n", "zero"], "u"),
    node("Concat", ["u", "rest"], "shape", { axis: 0 }),
    node("Reshape", ["x", "shape"], "z"),
  ], { first: ints([0], []), zero: ints([0]), rest: ints([-1]) }),
  "a token expanded to the batch": network([3, 4], [
    node("Shape", ["x"], "s"),
    node("Slice", ["s", "zero", "one"], "n"),
    node("Concat", ["n", "rest"], "shape", { axis: 0 }),
    node("Expand", ["token", "shape"], "e"),
    node("Concat", ["e", "x"], "z", { axis: 1 }),
  ], { zero: ints([0]), one: ints([1]), rest: ints([1, 4]), token: floats([1, 1, 4], [1, 2, 3, 4]) }),
  "attention": network([3, 4], [
    node("Transpose", ["x"], "t", { perm: [0, 2, 1] }),
    node("MatMul", ["x", "t"], "m"),
    node("Softmax", ["m"], "s", { axis: -1 }),
    node("MatMul", ["s", "x"], "z"),
  ]),
  "a mean over all but the batch": network([3, 2, 2], [
    node("ReduceMean", ["x"], "z", { axes: [1, 2, 3], keepdims: 0 }),
  ]),
};

for (const [name, spec] of Object.entries(APART)) {
  Deno.test(`a free batch stays free: ${name}`, async () => {
    const [free, fixed] = [await run(spec, {}), await run(spec, { N: SAMPLES })];
    assertEquals(free.shape, fixed.shape);
    for (const [i, value] of fixed.data.entries()) assertAlmostEquals(free.data[i], value, 1e-5);
  });
}

/** Networks in which samples meet, with what is said of the node. */
const MEETING: Record<string, [ModelSpec, RegExp]> = {
  "softmax": [network([3], [node("Softmax", ["x"], "z", { axis: 0 })]), /"Softmax z".*over samples/],
  "mean": [network([3], [node("ReduceMean", ["x"], "z", { axes: [0] })]), /"ReduceMean z".*over samples/],
  "mean over all": [network([3], [node("ReduceMean", ["x"], "z", { keepdims: 0 })]), /"ReduceMean z".*over samples/],
  "gather": [network([3], [node("Gather", ["x", "i"], "z")], { i: ints([0], []) }), /"Gather z".*some of the samples/],
  "product": [
    network([3], [node("Transpose", ["x"], "t", { perm: [1, 0] }), node("MatMul", ["x", "t"], "z")]),
    /"MatMul z".*multiplies samples/,
  ],
  "number of samples": [
    network([3], [
      node("Shape", ["x"], "s"),
      node("Gather", ["s", "i"], "n"),
      node("Cast", ["n"], "c", { to: 1 }),
      node("Mul", ["x", "c"], "z"),
    ], { i: ints([0], []) }),
    /"Mul z".*"c" depends on the number of samples/,
  ],
  "constant rows": [network([3], [node("Add", ["x", "c"], "z")], { c: floats([3, 3], randomFloats(9, 1)) }), /"Add z"/],
  "joining": [network([3], [node("Concat", ["x", "x"], "z", { axis: 0 })]), /"Concat z".*along the batch/],
  "padding": [network([3], [node("Pad", ["x", "p"], "z")], { p: ints([1, 0, 0, 0]) }), /"Pad z".*pads the batch/],
  "pairs": [
    network([1], [node("Transpose", ["x"], "t", { perm: [1, 0] }), node("Add", ["x", "t"], "z")]),
    /"Add z".*along different axes/,
  ],
  "an output with the batch inside": [
    network([3, 2], [node("Transpose", ["x"], "z", { perm: [1, 0, 2] })]),
    /Output "z" has its samples along axis 1/,
  ],
};

for (const [name, [spec, pattern]] of Object.entries(MEETING)) {
  Deno.test(`a free batch in which samples meet is refused by node, and taken with a length: ${name}`, async () => {
    const refusal = assertThrows(() => importOnnx(writeOnnx(spec), { name: "n" }), UnsupportedNetworkError);
    assertMatch(refusal.message, pattern);
    assertMatch(refusal.message, /What helps: fix the batch: --dimension N=1$/);
    if (name !== "constant rows") await run(spec, { N: SAMPLES });
  });
}

Deno.test("all nodes in which samples meet are named, those that only read them are not", () => {
  const spec = network([3], [
    node("ReduceMean", ["x"], "m", { axes: [0] }),
    node("Sub", ["x", "m"], "d"),
    node("Softmax", ["x"], "s", { axis: 0 }),
    node("Add", ["d", "s"], "z"),
  ]);
  const refusal = assertThrows(() => importOnnx(writeOnnx(spec), { name: "n" }), UnsupportedNetworkError);
  assertEquals(refusal.operators.map((entry: { node: string }) => entry.node), ["ReduceMean m", "Softmax s"]);
});

Deno.test("a batch that only one sample fits is fixed", () => {
  const spec = network([3, 4], [node("Reshape", ["x", "s"], "z")], { s: ints([1, 12]) });
  const graph = importOnnx(writeOnnx(spec), { name: "n" });
  assertEquals([graph.inputs[0].batched, graph.outputs[0].batched], [false, false]);
});

Deno.test("inputs and outputs without the batch are whole beside those that have it", async () => {
  const spec: ModelSpec = {
    inputs: { x: ["N", 3], y: [2, 3] },
    outputs: ["z"],
    nodes: [node("ReduceMean", ["y"], "m", { axes: [0] }), node("Add", ["x", "m"], "z")],
  };
  const [free, fixed] = [await run(spec, {}), await run(spec, { N: SAMPLES })];
  assertEquals(free, fixed);
  const whole: ModelSpec = {
    ...spec,
    outputs: ["w"],
    nodes: [...spec.nodes, node("LeakyRelu", ["m"], "w", { alpha: float(0.5) })],
  };
  assertEquals((await run(whole, {})).shape, [1, 3]);
});

Deno.test("inputs, constants and the same value twice can be outputs", async () => {
  const spec: ModelSpec = {
    inputs: { x: ["N", 2] },
    outputs: ["x2", "c", "r", "r2"],
    constants: { c: floats([3], [1, 2, 3]) },
    nodes: [node("Identity", ["x"], "x2"), node("Relu", ["x"], "r"), node("Identity", ["r"], "r2")],
  };
  const model = await floatModel(importOnnx(writeOnnx(spec), { name: "n" }));
  const x = { shape: [2, 2], data: Float32Array.of(1, -2, 3, -4) };
  const relu = { shape: [2, 2], data: Float32Array.of(1, 0, 3, 0) };
  const c = { shape: [3], data: Float32Array.of(1, 2, 3) };
  assertEquals(model.run({ x }), { x2: x, c, r: relu, r2: relu });
});
