import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { floatModel } from "../calibrate/float_model.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { interpret } from "./support/interpret.ts";
import { OPERATOR_CASES, pattern } from "./support/onnx_operator_cases.ts";
import outputs from "./support/onnx_operator_outputs.json" with { type: "json" };
import { encodeProto, floats, modelProto, type ModelSpec, writeOnnx } from "./support/onnx_writer.ts";

const expected = new Map<string, string[]>(Object.entries(outputs));

/** Reads "1,2: 0.5 0.25". */
function parse(text: string): { shape: number[]; data: number[] } {
  const [shape, data] = text.split(": ");
  return { shape: shape.split(",").map(Number), data: data.split(" ").map(Number) };
}

for (const { name, spec } of OPERATOR_CASES) {
  Deno.test(`importOnnx() gives onnxruntime's outputs for ${name}`, () => {
    const graph = importOnnx(writeOnnx(spec), { name });
    const inputs = new Map(graph.inputs.map((port) => [port.name, pattern(port.shape.reduce((a, b) => a * b, 1))]));
    const results = interpret(graph, inputs);
    for (const [i, output] of spec.outputs.entries()) {
      const want = parse(expected.get(name)![i]);
      assertEquals(graph.outputs[i].shape, want.shape);
      const got = results.get(output)!;
      assertEquals(got.shape, want.shape);
      got.data.forEach((value, k) => assertAlmostEquals(value, want.data[k], 2e-5 * (1 + Math.abs(want.data[k]))));
    }
  });
}

const relu: ModelSpec = {
  inputs: { x: ["batch", 3, 2, 2] },
  outputs: ["y"],
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
};

Deno.test("importOnnx() makes a symbolic, zero or negative batch 1 and marks the ports", () => {
  for (const batch of ["batch", 0, -1]) {
    const graph = importOnnx(writeOnnx({ ...relu, inputs: { x: [batch, 3, 2, 2] } }), { name: "n" });
    assertEquals(graph.inputs[0], { name: "x", value: "x", shape: [1, 3, 2, 2], batched: true });
    assertEquals(graph.outputs[0].batched, true);
  }
  const fixed = importOnnx(writeOnnx({ ...relu, inputs: { x: [1, 3, 2, 2] } }), { name: "n" });
  assertEquals(fixed.inputs[0].batched, false);
});

Deno.test("importOnnx() takes names that objects inherit", () => {
  const graph = importOnnx(
    writeOnnx({
      inputs: { __proto__x: [1, 2], constructor: [1, 2] },
      outputs: ["toString"],
      nodes: [
        { op: "Relu", name: "__proto__", inputs: ["__proto__x"], outputs: ["__proto__"] },
        { op: "Add", name: "hasOwnProperty", inputs: ["__proto__", "constructor"], outputs: ["toString"] },
      ],
    }),
    { name: "n" },
  );
  const result = interpret(
    graph,
    new Map([["__proto__x", Float32Array.of(-1, 2)], ["constructor", Float32Array.of(1, 1)]]),
  );
  assertEquals(Array.from(result.get("toString")!.data), [1, 3]);
});

Deno.test("importOnnx() takes nodes in any order", () => {
  const spec: ModelSpec = {
    inputs: { x: [1, 2] },
    outputs: ["y"],
    nodes: [
      { op: "Neg", inputs: ["r"], outputs: ["y"] },
      { op: "Relu", inputs: ["x"], outputs: ["r"] },
    ],
  };
  const graph = importOnnx(writeOnnx(spec), { name: "n" });
  assertEquals(Array.from(interpret(graph, new Map([["x", Float32Array.of(-1, 2)]])).get("y")!.data), [-0, -2]);
});

Deno.test("importOnnx() reads float16 and float64 weights as float32", () => {
  for (
    const [dataType, rawData] of [
      [10, new Uint8Array(new Uint16Array([0x3c00, 0xc100, 0x0001, 0x7bff]).buffer)],
      [11, new Uint8Array(Float64Array.of(1, -2.5, 2 ** -24, 65504).buffer)],
    ] as const
  ) {
    const proto = modelProto({
      inputs: { x: [1, 4] },
      outputs: ["y"],
      nodes: [{ op: "Max", inputs: ["x", "w"], outputs: ["y"] }],
    });
    proto.graph!.initializer!.push({ name: "w", dims: [4], dataType, rawData });
    const result = interpret(
      importOnnx(encodeProto(proto), { name: "n" }),
      new Map([["x", Float32Array.of(-9, -9, -9, -9)]]),
    );
    assertEquals(Array.from(result.get("y")!.data), [1, -2.5, 2 ** -24, 65504]);
  }
});

Deno.test("importOnnx() treats inputs with initializers as constants", () => {
  const proto = modelProto({ ...relu, constants: { w: floats([1], [2]) } });
  proto.graph!.node!.push({ opType: "Mul", name: "m", input: ["y", "w"], output: ["z"] });
  proto.graph!.output![0].name = "z";
  proto.graph!.input!.push({ name: "w", type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }] } } } });
  const graph = importOnnx(encodeProto(proto), { name: "n" });
  assertEquals(graph.inputs.map((port) => port.name), ["x"]);
});

Deno.test("importOnnx() takes a Node.js Buffer that is part of a larger one", () => {
  const bytes = writeOnnx({
    inputs: { x: [1, 2] },
    outputs: ["y"],
    constants: { w: floats([2, 2], [1, 2, 3, 4]) },
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
  });
  const pool = Buffer.alloc(bytes.length + 11, 0xff);
  pool.set(bytes, 3);
  const graph = importOnnx(pool.subarray(3, 3 + bytes.length), { name: "n" });
  assertEquals(Array.from(interpret(graph, new Map([["x", Float32Array.of(1, 1)]])).get("y")!.data), [4, 6]);
});

Deno.test("importOnnx() copies what it keeps out of the file's bytes", () => {
  const bytes = encodeProto(modelProto({
    inputs: { x: [1, 2] },
    outputs: ["y"],
    constants: { w: floats([2, 2], [1, 2, 3, 4]) },
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
  }));
  const graph = importOnnx(bytes, { name: "n" });
  bytes.fill(0);
  const node = graph.nodes.find((node) => node.op === "fullyConnected");
  assertEquals(Array.from(node!.weights), [1, 3, 2, 4]);
});

Deno.test("importOnnx() takes an input that is one number", async () => {
  const graph = importOnnx(
    writeOnnx({
      inputs: { x: [1, 2], limit: [] },
      outputs: ["y"],
      nodes: [{ op: "Clip", inputs: ["x", "limit"], outputs: ["y"] }],
    }),
    { name: "n" },
  );
  assertEquals(graph.inputs[1].shape, []);
  const { y } = (await floatModel(graph)).run({ x: Float32Array.of(1, 3), limit: Float32Array.of(2) });
  assertEquals(Array.from(y.data), [2, 3]);
});
