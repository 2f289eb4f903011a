import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { onnx } from "onnx-proto";
import { OnnxError, UnsupportedNetworkError } from "../calibrate/onnx/errors.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import {
  type AttributeValue,
  encodeProto,
  float,
  floats,
  ints,
  modelProto,
  type ModelSpec,
  type NodeSpec,
  writeOnnx,
} from "./support/onnx_writer.ts";

const convolution: ModelSpec = {
  inputs: { x: ["batch", 2, 4, 4] },
  outputs: ["y"],
  constants: { w: floats([2, 2, 3, 3], new Float32Array(36).fill(0.5)), b: floats([2], [1, 2]) },
  nodes: [{ op: "Conv", name: "conv", inputs: ["x", "w", "b"], outputs: ["y"] }],
};

function importSpec(spec: ModelSpec): void {
  importOnnx(writeOnnx(spec), { name: "n" });
}

/** Asserts that importing throws one clear line, of a file that is wrong or a network that is not supported. */
function assertRefused(action: () => void, pattern: RegExp): void {
  const error = assertThrows(action, Error);
  assert(error instanceof OnnxError || error instanceof UnsupportedNetworkError, String(error));
  assertMatch(error.message, pattern);
  assertEquals(error.message.includes("\n"), false);
}

function refuseNodes(nodes: NodeSpec[], pattern: RegExp, more: Partial<ModelSpec> = {}): void {
  assertRefused(() => importSpec({ inputs: { x: [1, 2, 4, 4] }, outputs: ["y"], ...more, nodes }), pattern);
}

function refuseConv(attributes: Record<string, AttributeValue>, pattern: RegExp): void {
  assertRefused(
    () => importSpec({ ...convolution, nodes: [{ ...convolution.nodes[0], attributes }] }),
    pattern,
  );
}

function refuseProto(change: (proto: onnx.IModelProto) => void, pattern: RegExp): void {
  const proto = modelProto(convolution);
  change(proto);
  assertRefused(() => importOnnx(encodeProto(proto), { name: "n" }), pattern);
}

Deno.test("importOnnx() refuses files that are not ONNX", () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const random = Uint8Array.from({ length: 1000 }, (_, i) => (i * 193 + (i >> 3) * 71 + 5) & 255);
  for (
    const bytes of [
      new Uint8Array(),
      Uint8Array.of(7),
      random,
      text("<!doctype html><html></html>"),
      text('{"a": 1}'),
      text("PK\x03\x04 zip"),
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0),
    ]
  ) {
    assertRefused(() => importOnnx(bytes, { name: "n" }), /empty|gzip|not an ONNX model/);
  }
});

Deno.test("importOnnx() refuses a model truncated at any byte or takes it as another valid model", () => {
  const bytes = writeOnnx(convolution);
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => importOnnx(bytes.subarray(0, length), { name: "n" }), OnnxError);
  }
});

Deno.test("importOnnx() survives every single-bit flip of a model with a typed error or a graph", () => {
  const bytes = writeOnnx(convolution);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    try {
      importOnnx(flipped, { name: "n" });
    } catch (error) {
      if (!(error instanceof OnnxError || error instanceof UnsupportedNetworkError)) {
        throw new Error(`bit ${bit}: ${error}`);
      }
      assertEquals(error.message.includes("\n"), false);
    }
  }
});

Deno.test("importOnnx() refuses data in other files where it has no way to read them, also in attributes", () => {
  const external = { key: "location", value: "../secret" };
  refuseProto(({ graph }) => {
    Object.assign(graph!.initializer![0], { dataLocation: 1, externalData: [external], rawData: null });
  }, /"w" keeps its data in another file/);
  refuseProto(({ graph }) => {
    const t = { dataType: 1, dims: [1], dataLocation: 1, externalData: [external] };
    graph!.node!.push({ opType: "Constant", output: ["c"], attribute: [{ name: "value", type: 4, t }] });
  }, /another file/);
});

Deno.test("importOnnx() refuses sparse tensors and element types without float32 arithmetic", () => {
  refuseProto(({ graph }) => {
    graph!.sparseInitializer = [{ dims: [2] }];
  }, /sparse/);
  for (
    const [dataType, name] of [[8, "string"], [16, "bfloat16"], [17, "float8e4m3fn"], [22, "int4"], [
      99,
      "type 99",
    ]] as const
  ) {
    refuseProto(({ graph }) => {
      graph!.initializer![1].dataType = dataType;
    }, new RegExp(`"b" has elements of ${name}`));
  }
});

Deno.test("importOnnx() refuses tensors whose data and shape disagree", () => {
  refuseProto(({ graph }) => {
    graph!.initializer![1].rawData = new Uint8Array(7);
  }, /"b" holds 7 bytes: its shape needs 8/);
  refuseProto(({ graph }) => {
    graph!.initializer![1].floatData = [1, 2];
  }, /twice/);
  refuseProto(({ graph }) => {
    graph!.initializer![1].dims = [-2];
  }, /negative/);
  refuseProto(({ graph }) => {
    graph!.initializer![1].dims = [2 ** 40, 2 ** 40];
  }, /expected at most/);
  refuseProto(({ graph }) => {
    graph!.initializer![1].dims = new Array(1000).fill(1);
  }, /1000 dimensions/);
});

Deno.test("importOnnx() refuses weights that are not finite and names the tensor", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    assertRefused(
      () => importSpec({ ...convolution, constants: { ...convolution.constants!, b: floats([2], [1, bad]) } }),
      /"b" holds (NaN|-?Infinity) at element 1.*\(node "conv"\)/,
    );
  }
});

Deno.test("importOnnx() refuses models without a known operator set", () => {
  refuseProto((proto) => {
    proto.opsetImport = [];
  }, /does not say which operator set/);
  for (const version of [6, 29, 999]) {
    refuseProto((proto) => {
      proto.opsetImport![0].version = version;
    }, new RegExp(`operator set ${version}: expected 7 to 28`));
  }
});

Deno.test("importOnnx() refuses graphs that contradict themselves", () => {
  const node = (name: string, input: string, output: string): NodeSpec => ({
    op: "Relu",
    name,
    inputs: [input],
    outputs: [output],
  });
  refuseNodes(
    [{ op: "Add", name: "a", inputs: ["x", "q"], outputs: ["p"] }, node("b", "p", "q"), node("c", "q", "y")],
    /cycle/,
  );
  refuseNodes([node("a", "missing", "y")], /"missing" is made by no node/);
  refuseNodes([node("a", "x", "z")], /output "y" is made by no node/);
  refuseNodes([node("a", "x", "y"), node("b", "x", "y")], /"y" is given to two values/);
  refuseNodes([node("a", "x", "x")], /"x" is given to two values/);
  refuseNodes([{ op: "Identity", inputs: ["c"], outputs: ["y"] }], /"y" has elements of int64: expected float32/, {
    constants: { c: ints([1]) },
  });
  refuseProto(({ graph }) => graph!.initializer!.push(graph!.initializer![0]), /Two initializers are named "w"/);
  refuseProto(({ graph }) => graph!.output = [], /no outputs/);
  refuseProto(({ graph }) => graph!.input = [], /no inputs/);
});

Deno.test("importOnnx() refuses inputs without a usable shape or type", () => {
  refuseNodes(
    [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
    /"x" has the free dimension "height": .* --dimension height=LENGTH; with it, calibrate --free keeps them free$/,
    {
      inputs: { x: ["n", 3, "height", 4] },
    },
  );
  refuseNodes([{ op: "Relu", inputs: ["x"], outputs: ["y"] }], /free dimension "x.1"/, { inputs: { x: [1, 0] } });
  refuseProto(({ graph }) => graph!.input![0].type!.tensorType!.shape = null, /has no shape/);
  for (const [elemType, name] of [[2, "uint8"], [10, "float16"], [11, "float64"], [0, "type 0"]] as const) {
    refuseProto(
      ({ graph }) => graph!.input![0].type!.tensorType!.elemType = elemType,
      new RegExp(`"x" has elements of ${name}: expected float32`),
    );
  }
});

Deno.test("importOnnx() refuses convolutions with nonsensical attributes", () => {
  refuseConv({ group: 3 }, /3 groups, which do not divide 2 channels/);
  refuseConv({ group: 0 }, /0 groups/);
  refuseConv({ group: 2 }, /weights of shape \[2,2,3,3\] in 2 groups/);
  refuseConv({ strides: [0, 1] }, /strides \[0,1\]: expected at least 1/);
  refuseConv({ strides: [1] }, /strides \[1\]: expected 2 numbers/);
  refuseConv({ dilations: [1, -1] }, /dilations/);
  refuseConv({ pads: [-1, 0, 0, 0] }, /pads/);
  refuseConv({ kernel_shape: [5, 5] }, /kernel_shape \[5,5\]: expected \[3,3\]/);
  refuseConv({ dilations: [9, 9] }, /would make an output of shape/);
  refuseConv({ group: float(1) }, /"group" of Conv has kind float: expected int/);
  refuseConv({ auto_pad: "WHATEVER" }, /auto_pad/);
});

Deno.test("importOnnx() refuses operators whose arguments do not fit their inputs", () => {
  const one = (
    op: string,
    attributes: Record<string, AttributeValue>,
    pattern: RegExp,
    more: Partial<ModelSpec> = {},
  ) =>
    refuseNodes(
      [{ op, name: "bad", inputs: ["x", ...Object.keys(more.constants ?? {})], outputs: ["y"], attributes }],
      pattern,
      more,
    );
  one("Transpose", { perm: [0, 0, 1, 2] }, /no permutation of 4 dimensions \(node "bad"\)/);
  one("Softmax", { axis: 4 }, /axis 4: expected -4 to 3/);
  one("Concat", { axis: 9 }, /axis 9/);
  one("MaxPool", { kernel_shape: [9, 9] }, /would make an output/);
  one("MaxPool", {}, /kernel_shape/);
  one("MaxPool", { kernel_shape: [2, 2], pads: [2, 0, 0, 0] }, /reach beyond its kernel/);
  one("Reshape", {}, /cannot give \[1,2,4,4\] the shape \[5,-1\]/, { constants: { s: ints([5, -1]) } });
  one("Squeeze", {}, /cannot drop axis 1/, { constants: { a: ints([1]) } });
  one("Unsqueeze", {}, /twice/, { constants: { a: ints([0, 0]) } });
  one("Slice", {}, /step of 0/, { constants: { s: ints([0]), e: ints([1]), a: ints([1]), t: ints([0]) } });
  one("Slice", {}, /different lengths/, { constants: { s: ints([0, 1]), e: ints([1]) } });
  one("Gather", { axis: 1 }, /index beyond the 2 of axis 1/, { constants: { i: ints([2]) } });
  one("Split", { axis: 1 }, /cannot divide 2 into \[3\]/, { constants: { s: ints([3]) } });
  one("Add", {}, /cannot broadcast \[1,2,4,4\] with \[3\]/, { constants: { c: floats([3], [1, 2, 3]) } });
  one("MatMul", {}, /multiplies rows of 4 with columns of 3/, { constants: { c: floats([3, 1], [1, 2, 3]) } });
  one("Gemm", {}, /expected a matrix/, { constants: { c: floats([3, 1], [1, 2, 3]) } });
  one("BatchNormalization", {}, /"g" has shape \[3\]: expected \[2\]/, {
    constants: { g: floats([3], [1, 1, 1]), b: floats([2], [0, 0]), m: floats([2], [0, 0]), v: floats([2], [1, 1]) },
  });
  one("BatchNormalization", {}, /variance -1/, {
    constants: { g: floats([2], [1, 1]), b: floats([2], [0, 0]), m: floats([2], [0, 0]), v: floats([2], [1, -1]) },
  });
  one("Resize", {}, /scales \[1,2\]: expected 4 positive numbers/, {
    constants: { roi: floats([0], []), s: floats([2], [1, 2]) },
  });
  one("Pad", {}, /expected 8 numbers/, { constants: { p: ints([1, 1]) } });
  one("Pad", { mode: "edge" }, /leaves nothing of axis 2/, { constants: { p: ints([0, 0, -4, 0, 0, 0, 0, 0]) } });
  one("DepthToSpace", { blocksize: 0 }, /blocksize 0/);
});

Deno.test("importOnnx() lists everything that is not supported at once", () => {
  const spec: ModelSpec = {
    opset: 18,
    inputs: { x: [1, 2, 4, 4] },
    outputs: ["y", "indices"],
    constants: { p: ints([0, 0, 1, 1, 0, 0, 1, 1]), s: floats([4], [1, 1, 2, 2]) },
    nodes: [
      { op: "LSTM", name: "first", inputs: ["x"], outputs: ["a"] },
      { op: "Pad", name: "second", inputs: ["a", "p"], outputs: ["b"], attributes: { mode: "mirror" } },
      { op: "Resize", name: "third", inputs: ["b", "", "s"], outputs: ["c"], attributes: { mode: "cubic" } },
      { op: "Swish", name: "fourth", domain: "com.example", inputs: ["c"], outputs: ["d"] },
      { op: "MaxPool", name: "fifth", inputs: ["x"], outputs: ["e", "indices"], attributes: { kernel_shape: [1, 1] } },
      { op: "Range", name: "sixth", inputs: ["e", "e", "e"], outputs: ["f"] },
      { op: "Add", inputs: ["d", "f"], outputs: ["y"] },
    ],
  };
  const error = assertThrows(() => importSpec(spec), UnsupportedNetworkError);
  assert(error instanceof TypeError);
  assertEquals(error.operators, [
    { node: "first", operator: "LSTM", domain: "", opset: 18 },
    { node: "second", operator: "Pad", domain: "", opset: 18, reason: "its mode is mirror" },
    { node: "third", operator: "Resize", domain: "", opset: 18, reason: "its mode is cubic" },
    { node: "fourth", operator: "Swish", domain: "com.example", opset: 0 },
    { node: "fifth", operator: "MaxPool", domain: "", opset: 18, reason: "its output of indices is used" },
    { node: "sixth", operator: "Range", domain: "", opset: 18, reason: "its inputs are not all constant" },
  ]);
  assertMatch(error.message, /^6 operators are not supported: "first" \(LSTM, opset 18\), "second" \(Pad, opset 18: /);
});

Deno.test("UnsupportedNetworkError caps its message and keeps names printable", () => {
  const nodes = Array.from({ length: 30 }, (_, i): NodeSpec => ({
    op: "Odd",
    name: `line\n\x1b[31m${i}`,
    inputs: ["x"],
    outputs: [i === 0 ? "y" : `y${i}`],
  }));
  const error = assertThrows(
    () => importSpec({ inputs: { x: [1, 2] }, outputs: ["y"], nodes }),
    UnsupportedNetworkError,
  );
  assertEquals(error.operators.length, 30);
  assertMatch(error.message, /^30 operators are not supported: .* and 10 more$/);
  assertEquals(/[\p{Cc}]/u.test(error.message), false);
});

Deno.test("importOnnx() does not support infinite padding without a MaxPool", () => {
  const spec: ModelSpec = {
    inputs: { x: [1, 2, 4, 4] },
    outputs: ["y"],
    constants: { p: ints([0, 0, 1, 1, 0, 0, 1, 1]), v: floats([], [-Infinity]) },
    nodes: [{ op: "Pad", name: "pad", inputs: ["x", "p", "v"], outputs: ["y"] }],
  };
  const error = assertThrows(() => importSpec(spec), UnsupportedNetworkError);
  assertEquals([error.operators.length, error.operators[0].node], [1, "pad"]);
});

Deno.test("importOnnx() refuses small files that compute huge constants", () => {
  refuseNodes(
    [
      { op: "ConstantOfShape", name: "huge", inputs: ["s"], outputs: ["h"] },
      { op: "Add", inputs: ["x", "h"], outputs: ["y"] },
    ],
    /expected at most/,
    { constants: { s: ints([2 ** 20, 2 ** 20]) } },
  );
  refuseNodes([{ op: "Resize", name: "huge", inputs: ["x", "", "s"], outputs: ["y"] }], /expected at most/, {
    constants: { s: floats([4], [1, 1, 1e6, 1e6]) },
  });
});

Deno.test("importOnnx() does not enter nested graphs", () => {
  const proto = modelProto({
    inputs: { x: [1, 2] },
    outputs: ["y"],
    constants: { c: floats([], [1]) },
    nodes: [{ op: "If", name: "branch", inputs: ["c"], outputs: ["z"] }, { op: "Relu", inputs: ["x"], outputs: ["y"] }],
  });
  let inner: onnx.IGraphProto = { name: "leaf" };
  for (let i = 0; i < 20; i++) {
    const attribute = [{ name: "then_branch", type: 5, g: inner }];
    inner = { name: "g", node: [{ opType: "If", attribute }] };
  }
  proto.graph!.node![0].attribute = [{ name: "then_branch", type: 5, g: inner }];
  const error = assertThrows(() => importOnnx(encodeProto(proto), { name: "n" }), UnsupportedNetworkError);
  assertEquals(error.operators[0].reason, "it has a nested graph");
});

Deno.test("importOnnx() takes a hundred thousand nodes in a row", () => {
  const nodes = Array.from({ length: 100_000 }, (_, i): NodeSpec => ({
    op: "Identity",
    inputs: [i === 0 ? "x" : `v${i}`],
    outputs: [`v${i + 1}`],
  })).reverse();
  nodes.push({ op: "Relu", inputs: ["v100000"], outputs: ["y"] });
  const graph = importOnnx(writeOnnx({ inputs: { x: [1, 2] }, outputs: ["y"], nodes }), { name: "n" });
  assertEquals(graph.nodes.length, 1);
});
