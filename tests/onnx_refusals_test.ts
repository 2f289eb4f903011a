import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { onnx } from "onnx-proto";
import { floatModel } from "../calibrate/float_model.ts";
import { OnnxError, UnsupportedNetworkError } from "../calibrate/onnx/errors.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { encodeProto, floats, ints, modelProto, type ModelSpec, type NodeSpec } from "./support/onnx_writer.ts";

/** The refusal of a network, changed before it is written. */
function refusalOf(spec: ModelSpec, change: (proto: onnx.IModelProto) => void = () => {}): UnsupportedNetworkError {
  const proto = modelProto(spec);
  change(proto);
  return assertThrows(() => importOnnx(encodeProto(proto), { name: "n" }), UnsupportedNetworkError);
}

const relu: ModelSpec = {
  inputs: { x: [1, 4] },
  outputs: ["y"],
  nodes: [{ op: "Relu", name: "relu", inputs: ["x"], outputs: ["y"] }],
};

Deno.test("a refusal holds all reasons at once: version, constants, inputs, dimensions and operators", () => {
  const spec: ModelSpec = {
    opset: 99,
    inputs: { x: ["batch", 3, "height", "width"], ids: [1, 4], z: [1, 2] },
    outputs: ["y"],
    constants: { w: floats([1], [1]), v: floats([1], [1]) },
    nodes: [
      { op: "LSTM", name: "lstm", inputs: ["x"], outputs: ["a"] },
      { op: "Mul", name: "mul", inputs: ["a", "w"], outputs: ["b"] },
      { op: "QuantizeLinear", name: "quantize", inputs: ["b", "v"], outputs: ["c"] },
      { op: "Pad", name: "pad", inputs: ["c"], outputs: ["y"], attributes: { mode: "mirror" } },
    ],
  };
  const refusal = refusalOf(spec, ({ graph }) => {
    graph!.input![1].type!.tensorType!.elemType = 7;
    graph!.input![2].type!.tensorType!.elemType = 10;
    graph!.initializer![0].dataLocation = 1;
    graph!.initializer![1].dataLocation = 1;
  });
  assertEquals(refusal.parts.map(({ reason }) => reason), [
    "The model uses operator set 99: expected 7 to 28",
    'Initializer "w" keeps its data in another file: expected a model with all its data inside, or a way to read that file (so does one more)',
    'Input "x" has the free dimensions "height", "width": only the first may be free',
    'Input "ids" has elements of int64: expected float32',
    'Input "z" has elements of float16: expected float32',
  ]);
  assertEquals(refusal.operators.map(({ node }) => node), ["lstm", "quantize", "pad"]);
  for (
    const remedy of [
      /convert_version\(/,
      /onnx\.save\(/,
      /--dimension height=LENGTH --dimension width=LENGTH/,
      /export the network in float32/,
      /from before its quantisation/,
    ]
  ) assertMatch(refusal.message, remedy);
  assertEquals(refusal.message.includes("\n"), false);
});

Deno.test("a node that contradicts itself does not hide nodes that are not supported", () => {
  const refusal = refusalOf({
    ...relu,
    nodes: [
      { op: "Concat", name: "wrong", inputs: ["x"], outputs: ["a"], attributes: { axis: 7 } },
      { op: "LSTM", name: "lstm", inputs: ["x"], outputs: ["b"] },
      { op: "Add", inputs: ["a", "b"], outputs: ["y"] },
    ],
  });
  assertEquals(refusal.operators.map(({ node }) => node), ["lstm"]);
  assertMatch(refusal.message, /Concat has axis 7.*"wrong".*"lstm"/);
});

Deno.test("every operator refuses too few and too many inputs, and no outputs, by name", () => {
  const constants = { c: floats([4], [1, 2, 3, 4]), i: ints([0, 1]) };
  const operators = ("Abs Add And AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv " +
    "ConvTranspose DepthToSpace Div Dropout Elu Equal Exp Expand Flatten Floor Gather Gelu Gemm GlobalAveragePool " +
    "GlobalMaxPool Greater HardSigmoid HardSwish Identity LeakyRelu Less Log MatMul Max MaxPool Min Mod Mul Neg Not Or " +
    "PRelu Pad Pow Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape Resize Shape " +
    "Sigmoid Size Slice Softmax SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Upsample Where").split(
      " ",
    );
  for (const op of operators) {
    for (
      const [inputs, outputs] of [[[], ["a"]], [new Array(9).fill("c"), ["a"]], [["c", "i"], []], [["", "c"], ["a"]]]
    ) {
      const nodes: NodeSpec[] = [
        { op, name: "odd", inputs: inputs as string[], outputs: outputs as string[] },
        { op: "Add", name: "sum", inputs: ["x", outputs.length ? "a" : "c"], outputs: ["y"] },
      ];
      try {
        importOnnx(encodeProto(modelProto({ ...relu, constants, nodes })), { name: "n" });
      } catch (error) {
        assert(error instanceof OnnxError || error instanceof UnsupportedNetworkError, `${op}(${inputs}): ${error}`);
        assertMatch((error as Error).message, new RegExp(`${op}|"sum"`));
      }
    }
  }
});

Deno.test("constants that folding would make are limited all together, before they are made", () => {
  const fill = (count: number): NodeSpec[] =>
    Array.from({ length: count }, (_, i): NodeSpec => ({
      op: "ConstantOfShape",
      name: `fill${i}`,
      inputs: ["s"],
      outputs: [`c${i}`],
    }));
  const sum = (count: number): NodeSpec => ({
    op: "Concat",
    name: "all",
    inputs: Array.from({ length: count }, (_, i) => `c${i}`),
    outputs: ["y"],
  });
  const five = refusalOf({ ...relu, constants: { s: ints([2 ** 22]) }, nodes: [...fill(5), sum(5)] });
  assertMatch(
    five.message,
    /"fill4" \(ConstantOfShape, opset 17: it would make a constant of shape \[4194304\]: expected at/,
  );
  for (const shape of [[2 ** 28], [2 ** 62, 2 ** 62]]) {
    for (const input of ["x", "c"]) {
      const expand: NodeSpec = { op: "Expand", name: "expand", inputs: [input, "s"], outputs: ["e"] };
      const add: NodeSpec = { op: "Add", name: "add", inputs: ["x", "e"], outputs: ["y"] };
      const constants = { s: ints([...shape, 1, 1]), c: floats([1, 1], [1]) };
      assertMatch(
        refusalOf({ ...relu, constants, nodes: [expand, add] }).message,
        /"expand" \(Expand.*\[\d+,.*at most \d+/,
      );
    }
  }
  const constants = { s: floats([4], [1, 1, 1, 2 ** 26]) };
  const resize: NodeSpec = { op: "Resize", name: "wide", inputs: ["x", "", "s"], outputs: ["y"] };
  assertMatch(
    refusalOf({ inputs: { x: [1, 1, 1, 1] }, outputs: ["y"], constants, nodes: [resize] }).message,
    /"wide".*at most/,
  );
});

Deno.test("empty constants are refused by node where they do not simply add nothing", () => {
  const constants = { none: floats([0], []), i: ints([]) };
  const one = (op: string, inputs: string[]): string =>
    refusalOf({ ...relu, constants, nodes: [{ op, name: "odd", inputs, outputs: ["y"], attributes: { axis: 1 } }] })
      .message;
  assertMatch(one("Gather", ["x", "i"]), /"odd" \(Gather, opset 17: its result is empty\)/);
  assertMatch(one("Mul", ["x", "none"]), /"odd" \(Mul, opset 17: its constant of shape \[0\] is empty\)/);
});

Deno.test("operators of constants alone are computed, at import or at run time", async () => {
  const constants = {
    none: floats([1, 0], []),
    h: floats([1, 2], [1, -2]),
    w: floats([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]),
  };
  const nodes: NodeSpec[] = [
    { op: "Sigmoid", inputs: ["h"], outputs: ["s"] },
    { op: "Gemm", inputs: ["h", "w"], outputs: ["g"] },
    { op: "Concat", inputs: ["none", "x"], outputs: ["c"], attributes: { axis: 1 } },
    { op: "Add", inputs: ["c", "g"], outputs: ["y"] },
  ];
  const bytes = encodeProto(modelProto({ ...relu, outputs: ["y", "s"], constants, nodes }));
  const model = await floatModel(importOnnx(bytes, { name: "n" }));
  const { y, s } = model.run({ x: Float32Array.of(10, 20, 30, 40) });
  assertEquals(Array.from(y.data), [1, 10, 19, 28]);
  assertEquals(Array.from(s.data, (value) => value.toFixed(4)), ["0.7311", "0.1192"]);
});

Deno.test("importOnnx() gives free dimensions the lengths that it is told, and names those that it does not know", () => {
  const spec: ModelSpec = { ...relu, inputs: { x: ["batch", 3, "height", -1] } };
  const bytes = encodeProto(modelProto(spec));
  const shapeFor = (dimensions: Record<string, number>) => {
    const [{ shape, batched }] = importOnnx(bytes, { name: "n", dimensions }).inputs;
    return { shape, batched };
  };
  assertEquals(shapeFor({ height: 5, "x.3": 7 }), { shape: [1, 3, 5, 7], batched: true });
  assertEquals(shapeFor({ batch: 2, height: 5, "x.3": 7 }), { shape: [2, 3, 5, 7], batched: false });
  assertThrows(
    () => shapeFor({ width: 5 }),
    RangeError,
    'no free dimension "width": they are "batch", "height", "x.3"',
  );
  assertThrows(() => shapeFor({ height: 0 }), RangeError, '"height" cannot have the length 0');
});
