import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { verifyGraph } from "../calibrate/operators/check_graph.ts";
import type { ConvolutionNode, FullyConnectedNode, Graph, Node } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { planReshape } from "../calibrate/operators/reshape_order.ts";
import { interpret } from "./support/interpret.ts";
import { pattern } from "./support/onnx_operator_cases.ts";
import { type Constant, float, floats, ints, type ModelSpec, type NodeSpec, writeOnnx } from "./support/onnx_writer.ts";

function load(spec: ModelSpec): Graph {
  return importOnnx(writeOnnx(spec), { name: "test" });
}

function operations(graph: Graph): string[] {
  return graph.nodes.map((node) => node.op);
}

function only<Op extends Node["op"]>(graph: Graph, op: Op): Extract<Node, { op: Op }> {
  const found = graph.nodes.filter((node) => node.op === op);
  assertEquals(found.length, 1, `expected one ${op} in ${operations(graph)}`);
  return found[0] as Extract<Node, { op: Op }>;
}

/** Runs a network on pattern data. */
function run(spec: ModelSpec): Float32Array[] {
  const graph = load(spec);
  const inputs = new Map(graph.inputs.map((port) => [port.name, pattern(port.shape.reduce((a, b) => a * b, 1))]));
  return Array.from(interpret(graph, inputs).values(), (output) => output.data);
}

function fill(shape: number[], offset = 0): Constant {
  return floats(shape, pattern(shape.reduce((a, b) => a * b, 1) + offset).slice(offset));
}

const normalization: Record<string, Constant> = {
  gamma: floats([2], [2, -1]),
  beta: floats([2], [0.5, 0.25]),
  mean: floats([2], [0.1, -0.2]),
  variance: floats([2], [4, 0.25]),
};
const normalize = (input: string, output: string): NodeSpec => ({
  op: "BatchNormalization",
  name: "bn",
  inputs: [input, "gamma", "beta", "mean", "variance"],
  outputs: [output],
  attributes: { epsilon: float(0) },
});
const convolve = (input: string, output: string): NodeSpec => ({
  op: "Conv",
  name: "conv",
  inputs: [input, "w"],
  outputs: [output],
});

/** A network of a convolution, "w", and what follows. */
function withConvolution(nodes: NodeSpec[], more: Partial<ModelSpec> = {}): ModelSpec {
  const { constants, ...rest } = more;
  return {
    inputs: { x: [1, 2, 3, 3] },
    outputs: ["y"],
    nodes: [convolve("x", "c"), ...nodes],
    constants: { w: fill([2, 2, 1, 1]), ...normalization, ...constants },
    ...rest,
  };
}

Deno.test("foldBatchNormalization folds into the convolution and keeps what it said", () => {
  const node = only(load(withConvolution([normalize("c", "y")])), "convolution");
  assertEquals(node.name, "conv");
  assertEquals(node.output.startsWith("y"), true);
  assertEquals(Array.from(node.bias), [0.5 - 0.1, 0.25 - 0.4].map(Math.fround));
  const weights = pattern(4);
  assertEquals(Array.from(node.weights), [weights[0], weights[1], -2 * weights[2], -2 * weights[3]]);
  assertEquals(Array.from(node.normalization!.gamma), [2, -1]);
  assertEquals(Array.from(node.normalization!.beta), [0.5, 0.25]);
  assertEquals(Array.from(node.normalization!.variance), [4, 0.25]);
  assertEquals(node.normalization!.epsilon, 0);
});

Deno.test("foldBatchNormalization folds into a fully connected layer", () => {
  const graph = load({
    inputs: { x: [1, 3] },
    outputs: ["y"],
    constants: { w: fill([2, 3]), ...normalization },
    nodes: [
      { op: "Gemm", name: "fc", inputs: ["x", "w"], outputs: ["c"], attributes: { transB: 1 } },
      normalize("c", "y"),
    ],
  });
  assertEquals(operations(graph), ["fullyConnected"]);
  assertEquals(Array.from((graph.nodes[0] as FullyConnectedNode).normalization!.gamma), [2, -1]);
});

Deno.test("foldBatchNormalization folds into a convolution over signals", () => {
  const graph = load({
    inputs: { x: [1, 2, 5] },
    outputs: ["y"],
    constants: { w: fill([2, 2, 3]), ...normalization },
    nodes: [convolve("x", "c"), normalize("c", "y")],
  });
  assert(only(graph, "convolution").normalization !== undefined);
});

Deno.test("a BatchNormalization on its own becomes a depthwise convolution without normalization", () => {
  const alone = load({
    inputs: { x: [1, 2, 3, 3] },
    outputs: ["y"],
    constants: { w: fill([2, 2, 1, 1]), ...normalization },
    nodes: [normalize("x", "n"), { op: "Relu", inputs: ["n"], outputs: ["r"] }, convolve("r", "y")],
  });
  assertEquals(operations(alone), ["transpose", "convolution", "convolution", "transpose"]);
  const first = alone.nodes[1] as ConvolutionNode;
  assertEquals([first.groups, first.activation.kind, first.normalization], [2, "relu", undefined]);
});

Deno.test("a BatchNormalization of a value with another reader is not folded", () => {
  const shared = load(withConvolution([normalize("c", "n"), { op: "Add", inputs: ["c", "n"], outputs: ["y"] }]));
  assertEquals(operations(shared).filter((op) => op === "convolution").length, 2);
  const output = load(withConvolution([normalize("c", "y")], { outputs: ["c", "y"] }));
  assertEquals(operations(output).filter((op) => op === "convolution").length, 2);
});

Deno.test("foldChannelArithmetic folds constants per channel and keeps the normalization true", () => {
  const graph = load(withConvolution([
    normalize("c", "n"),
    { op: "Mul", inputs: ["n", "scale"], outputs: ["m"] },
    { op: "Sub", inputs: ["shift", "m"], outputs: ["y"] },
  ], { constants: { scale: floats([2, 1, 1], [2, 3]), shift: floats([], [1]) } }));
  const { normalization: said } = only(graph, "convolution");
  assertEquals(Array.from(said!.gamma), [-4, 3]);
  assertEquals(Array.from(said!.beta), [0, 0.25]);
});

Deno.test("foldChannelArithmetic makes a depthwise convolution where an activation lies between", () => {
  const graph = load(withConvolution([
    { op: "Relu", inputs: ["c"], outputs: ["r"] },
    { op: "Div", inputs: ["r", "scale"], outputs: ["y"] },
  ], { constants: { scale: floats([1, 2, 1, 1], [2, 4]) } }));
  const [first, second] = graph.nodes.filter((node) => node.op === "convolution");
  assertEquals([first.activation.kind, second.groups], ["relu", 2]);
  assertEquals(Array.from(second.weights), [0.5, 0.25]);
});

Deno.test("foldChannelArithmetic leaves constants that differ between pixels and division by 0", () => {
  const pixels = load(withConvolution([{ op: "Add", inputs: ["c", "p"], outputs: ["y"] }], {
    constants: { p: fill([1, 2, 3, 3]) },
  }));
  assertEquals(only(pixels, "binary").operation, "add");
  const zero = load(withConvolution([{ op: "Div", inputs: ["c", "p"], outputs: ["y"] }], {
    constants: { p: floats([2, 1, 1], [0, 1]) },
  }));
  assertEquals(only(zero, "binary").operation, "divide");
});

Deno.test("a constant vector added after MatMul becomes its bias", () => {
  const graph = load({
    inputs: { x: [1, 4, 3] },
    outputs: ["y"],
    constants: { w: fill([3, 2]), b: floats([2], [5, 6]) },
    nodes: [
      { op: "MatMul", inputs: ["x", "w"], outputs: ["m"] },
      { op: "Add", inputs: ["b", "m"], outputs: ["y"] },
    ],
  });
  assertEquals(operations(graph), ["fullyConnected"]);
  assertEquals(Array.from((graph.nodes[0] as FullyConnectedNode).bias), [5, 6]);
});

Deno.test("recogniseGates finds every spelling of SiLU, HardSwish and HardSigmoid", () => {
  const constants = {
    three: floats([], [3]),
    six: floats([], [6]),
    sixth: floats([], [1 / 6]),
    low: floats([], [0]),
    high: floats([], [6]),
  };
  const clip: NodeSpec[] = [
    { op: "Add", inputs: ["three", "c"], outputs: ["a"] },
    { op: "Clip", inputs: ["a", "low", "high"], outputs: ["k"] },
  ];
  const spellings: [string, NodeSpec[]][] = [
    ["silu", [{ op: "Sigmoid", inputs: ["c"], outputs: ["s"] }, { op: "Mul", inputs: ["s", "c"], outputs: ["y"] }]],
    ["hardSwish", [
      { op: "HardSigmoid", inputs: ["c"], outputs: ["s"], attributes: { alpha: float(1 / 6) } },
      { op: "Mul", inputs: ["c", "s"], outputs: ["y"] },
    ]],
    ["hardSwish", [...clip, { op: "Mul", inputs: ["c", "k"], outputs: ["m"] }, {
      op: "Div",
      inputs: ["m", "six"],
      outputs: ["y"],
    }]],
    ["hardSwish", [...clip, { op: "Div", inputs: ["k", "six"], outputs: ["m"] }, {
      op: "Mul",
      inputs: ["c", "m"],
      outputs: ["y"],
    }]],
    ["hardSwish", [...clip, { op: "Mul", inputs: ["sixth", "k"], outputs: ["m"] }, {
      op: "Mul",
      inputs: ["m", "c"],
      outputs: ["y"],
    }]],
    ["hardSigmoid", [...clip, { op: "Div", inputs: ["k", "six"], outputs: ["y"] }]],
  ];
  for (const [kind, nodes] of spellings) {
    const graph = load(withConvolution(nodes, { constants }));
    assertEquals(only(graph, "convolution").activation.kind, kind);
    assertEquals(operations(graph), ["transpose", "convolution", "transpose"]);
  }
});

Deno.test("recogniseGates leaves products that only look like gates", () => {
  const other = load(withConvolution([
    { op: "Sigmoid", inputs: ["c"], outputs: ["s"] },
    { op: "Relu", inputs: ["c"], outputs: ["r"] },
    { op: "Mul", inputs: ["s", "r"], outputs: ["y"] },
  ]));
  assertEquals(only(other, "binary").operation, "multiply");
  const slope = load(withConvolution([
    { op: "HardSigmoid", inputs: ["c"], outputs: ["s"] },
    { op: "Mul", inputs: ["c", "s"], outputs: ["y"] },
  ]));
  assertEquals(only(slope, "binary").operation, "multiply");
});

Deno.test("fuseActivation fuses with a single reader and not otherwise", () => {
  const relu: NodeSpec = { op: "Relu", inputs: ["c"], outputs: ["y"] };
  assertEquals(only(load(withConvolution([relu])), "convolution").activation.kind, "relu");
  assertEquals(only(load(withConvolution([relu], { outputs: ["c", "y"] })), "activation").activation.kind, "relu");
  const twice = withConvolution([relu, { op: "Relu", inputs: ["y"], outputs: ["z"] }], { outputs: ["z"] });
  assertEquals(only(load(twice), "convolution").activation.kind, "relu");
  assertEquals(only(load(twice), "activation").activation.kind, "relu");
  const sum = withConvolution([{ op: "Add", inputs: ["c", "x"], outputs: ["a"] }, { ...relu, inputs: ["a"] }]);
  assertEquals(only(load(sum), "binary").activation.kind, "relu");
});

Deno.test("fuseActivation takes PRelu with its slopes", () => {
  const graph = load(withConvolution([{ op: "PRelu", inputs: ["c", "s"], outputs: ["y"] }], {
    constants: { s: floats([2, 1, 1], [0.1, 0.2]) },
  }));
  const node = only(graph, "convolution");
  assertEquals([node.activation.kind, Array.from(node.slopes!)], ["prelu", [0.1, 0.2].map(Math.fround)]);
});

Deno.test("foldPad makes padding part of convolutions and pools that agree with it", () => {
  const padded = (value: number, next: NodeSpec) => {
    const graph = load({
      inputs: { x: [1, 2, 4, 4] },
      outputs: ["y"],
      constants: { w: fill([2, 2, 3, 3]), p: ints([0, 0, 0, 1, 0, 0, 1, 0]), v: floats([], [value]) },
      nodes: [{ op: "Pad", inputs: ["x", "p", "v"], outputs: ["d"] }, next],
    });
    return graph.nodes.filter((node) => !["transpose"].includes(node.op));
  };
  const conv = convolve("d", "y");
  const pool = (op: string): NodeSpec => ({ op, inputs: ["d"], outputs: ["y"], attributes: { kernel_shape: [2, 2] } });
  const [folded] = padded(0, conv) as [ConvolutionNode];
  assertEquals([folded.op, folded.pads], ["convolution", [0, 1, 1, 0]]);
  assertEquals(padded(1, conv).map((node) => node.op), ["pad", "convolution"]);
  assertEquals(padded(0, pool("MaxPool")).map((node) => node.op), ["pad", "pool"]);
  assertEquals(padded(-Infinity, pool("MaxPool")).map((node) => node.op), ["pool"]);
  const [average] = padded(0, pool("AveragePool"));
  assertEquals(average.op === "pool" && average.countIncludePad, true);
});

Deno.test("skipExpansion leaves broadcasting to the reader", () => {
  const graph = load(withConvolution([
    { op: "GlobalAveragePool", inputs: ["c"], outputs: ["g"] },
    { op: "Shape", inputs: ["c"], outputs: ["shape"] },
    { op: "Expand", inputs: ["g", "shape"], outputs: ["e"] },
    { op: "Mul", inputs: ["c", "e"], outputs: ["y"] },
  ]));
  assertEquals(operations(graph), ["transpose", "convolution", "reduceMean", "binary", "transpose"]);
});

Deno.test("toChannelsLast gives a flattened image to a fully connected layer unmoved", () => {
  const spec = withConvolution([
    { op: "Flatten", inputs: ["c"], outputs: ["f"] },
    { op: "Gemm", inputs: ["f", "fc"], outputs: ["y"], attributes: { transB: 1 } },
  ], { constants: { fc: fill([3, 18]) } });
  assertEquals(operations(load(spec)), ["transpose", "convolution", "reshape", "fullyConnected"]);
  const direct = withConvolution([{ op: "Flatten", inputs: ["c"], outputs: ["y"] }]);
  assertEquals(operations(load(direct)), ["transpose", "convolution", "transpose", "reshape"]);
  const [flat] = run(direct);
  const weights = pattern(54);
  const [result] = run(spec);
  for (let row = 0; row < 3; row++) {
    const sum = flat.reduce((total, value, i) => total + value * weights[row * 18 + i], 0);
    assertAlmostEquals(result[row], sum, 1e-5);
  }
});

Deno.test("toChannelsLast moves only the channels of a channel shuffle", () => {
  const graph = load({
    inputs: { x: ["n", 2, 3, 3] },
    outputs: ["y"],
    constants: {
      w: fill([6, 2, 1, 1]),
      v: fill([1, 6, 1, 1]),
      split: ints([-1, 2, 3, 3, 3]),
      join: ints([-1, 6, 3, 3]),
    },
    nodes: [
      convolve("x", "c"),
      { op: "Reshape", inputs: ["c", "split"], outputs: ["s"] },
      { op: "Transpose", inputs: ["s"], outputs: ["t"], attributes: { perm: [0, 2, 1, 3, 4] } },
      { op: "Reshape", inputs: ["t", "join"], outputs: ["j"] },
      { op: "Conv", inputs: ["j", "v"], outputs: ["y"] },
    ],
  });
  assertEquals(operations(graph), [
    "transpose",
    "convolution",
    "reshape",
    "transpose",
    "reshape",
    "convolution",
    "reshape",
  ]);
  const shuffle = graph.nodes[3];
  assertEquals(shuffle.op === "transpose" && shuffle.permutation, [0, 1, 2, 4, 3]);
});

Deno.test("toChannelsLast makes no node for transposes that fit the held order", () => {
  const graph = load(withConvolution(
    [
      { op: "Transpose", inputs: ["c"], outputs: ["t"], attributes: { perm: [0, 2, 3, 1] } },
      { op: "MatMul", inputs: ["t", "m"], outputs: ["f"] },
      { op: "Transpose", inputs: ["f"], outputs: ["b"], attributes: { perm: [0, 3, 1, 2] } },
      convolve("b", "y"),
    ].map((node, i) => ({ ...node, name: `n${i}` })),
    { constants: { m: fill([2, 2]) } },
  ));
  assertEquals(operations(graph), ["transpose", "convolution", "fullyConnected", "convolution", "transpose"]);
});

Deno.test("toChannelsLast leaves networks without images in their own order", () => {
  const graph = load({
    inputs: { x: [1, 2, 3, 4], z: [1, 2, 4, 5] },
    outputs: ["y"],
    nodes: [
      { op: "MatMul", inputs: ["x", "z"], outputs: ["m"] },
      { op: "Softmax", inputs: ["m"], outputs: ["y"] },
    ],
  });
  assertEquals(operations(graph), ["matMul", "softmax"]);
});

Deno.test("removeUnused drops what no output needs", () => {
  const graph = load(withConvolution([
    { op: "Relu", inputs: ["c"], outputs: ["unused"] },
    { op: "Sigmoid", inputs: ["c"], outputs: ["y"] },
  ]));
  assertEquals(operations(graph), ["transpose", "convolution", "transpose"]);
  assertEquals(graph.values.has("unused"), false);
});

Deno.test("planReshape keeps groups of dimensions where they are held", () => {
  assertEquals(planReshape([1, 6, 2, 5], [1, 2, 3, 2, 5], [0, 2, 3, 1]), {
    inputOrder: [0, 2, 3, 1],
    outputOrder: [0, 3, 4, 1, 2],
  });
  assertEquals(planReshape([1, 3, 2, 2, 5], [1, 6, 2, 5], [0, 3, 4, 2, 1]), {
    inputOrder: [0, 3, 4, 1, 2],
    outputOrder: [0, 2, 3, 1],
  });
  assertEquals(planReshape([1, 6, 1, 1], [1, 6], [0, 2, 3, 1]).outputOrder, [0, 1]);
  assertEquals(planReshape([1, 4, 2, 3], [1, 4, 6], [0, 2, 3, 1]).outputOrder, [0, 2, 1]);
  assertEquals(planReshape([1, 4, 2, 3], [1, 24], [0, 2, 3, 1]).inputOrder, [0, 1, 2, 3]);
});

Deno.test("verifyGraph refuses graphs that are not consistent", () => {
  const make = () => load(withConvolution([normalize("c", "n"), { op: "Relu", inputs: ["n"], outputs: ["y"] }]));
  const changes: ((graph: Graph) => void)[] = [
    (graph) => graph.nodes.reverse(),
    (graph) => graph.nodes.push(graph.nodes[0]),
    (graph) => graph.nodes[1].name = graph.nodes[0].name,
    (graph) => graph.values.get(graph.nodes[1].output)!.shape[1]++,
    (graph) => graph.values.delete(graph.nodes[1].output),
    (graph) => graph.nodes.pop(),
    (graph) => (graph.nodes[1] as ConvolutionNode).bias = new Float32Array(3),
    (graph) => (graph.nodes[1] as ConvolutionNode).groups = 2,
    (graph) => graph.outputs[0].shape = [1],
  ];
  verifyGraph(make());
  for (const change of changes) {
    const graph = make();
    change(graph);
    assertThrows(() => verifyGraph(graph), TypeError);
  }
});

Deno.test("maxima and minima with one number become limits of the layer before", () => {
  const constants = { zero: floats([], [0]), one: floats([1], [1]) };
  const relu = load(withConvolution([{ op: "Max", inputs: ["c", "zero"], outputs: ["y"] }], { constants }));
  assertEquals(only(relu, "convolution").activation.kind, "relu");
  const limit = load(withConvolution([{ op: "Min", inputs: ["one", "c"], outputs: ["y"] }], { constants }));
  assertEquals(only(limit, "convolution").activation, { kind: "clip", min: -3.4028234663852886e38, max: 1 });
});

Deno.test("foldBatchNormalization leaves a layer alone whose rows a reshape brings among its channels", () => {
  const graph = load({
    inputs: { x: [4, 3] },
    outputs: ["y"],
    constants: { w: fill([2, 3]), s: ints([1, 2, 2, 2]), ...normalization },
    nodes: [
      { op: "Gemm", name: "fc", inputs: ["x", "w"], outputs: ["c"], attributes: { transB: 1 } },
      { op: "Reshape", inputs: ["c", "s"], outputs: ["r"] },
      normalize("r", "y"),
    ],
  });
  const weights = Array.from(only(graph, "fullyConnected").weights);
  assertEquals(weights, Array.from(pattern(6)));
  assertEquals(Array.from(only(graph, "convolution").weights), [2 / 2, -1 / 0.5]);
});

Deno.test("a Clip whose limits cross makes the upper one of everything, as onnxruntime does", () => {
  for (const [low, high] of [[2, 1], [-1, -2], [0, -3]]) {
    const constants = { low: floats([], [low]), high: floats([], [high]) };
    const clip: NodeSpec = { op: "Clip", inputs: ["c", "low", "high"], outputs: ["y"] };
    const [answers] = run(withConvolution([clip], { constants }));
    assertEquals(Array.from(answers), new Array(answers.length).fill(high));
  }
});

Deno.test("BatchNormalization is taken of values of every rank from two on", () => {
  for (const shape of [[3, 2], [1, 2, 3], [1, 2, 3, 2], [1, 2, 2, 3, 2], [2, 2, 1, 2, 2, 3], [1, 2, 2, 1, 2, 2, 2]]) {
    const [answers] = run({
      inputs: { x: shape },
      outputs: ["y"],
      constants: normalization,
      nodes: [normalize("x", "y")],
    });
    const inner = shape.slice(2).reduce((count, length) => count * length, 1);
    pattern(answers.length).forEach((value, i) => {
      const channel = Math.floor(i / inner) % 2;
      const expected = (value - [0.1, -0.2][channel]) / [2, 0.5][channel] * [2, -1][channel] + [0.5, 0.25][channel];
      assertAlmostEquals(answers[i], expected, 1e-5);
    });
  }
});

Deno.test("fuseActivation takes slopes along a layer's outputs and leaves those along its rows", () => {
  const spec = (slope: Constant): ModelSpec => ({
    inputs: { x: [1, 2, 3] },
    outputs: ["y"],
    constants: { w: fill([3, 2]), slope },
    nodes: [
      { op: "MatMul", inputs: ["x", "w"], outputs: ["m"] },
      { op: "PRelu", inputs: ["m", "slope"], outputs: ["y"] },
    ],
  });
  const along = load(spec(floats([2], [0.1, 0.2])));
  assertEquals(operations(along), ["fullyConnected"]);
  const across = load(spec(floats([2, 1], [0.1, 0.2])));
  assertEquals(only(across, "fullyConnected").activation.kind, "identity");
  assertEquals(Array.from(only(across, "activation").slopes!), [0.1, 0.2].map(Math.fround));
});
