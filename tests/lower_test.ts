import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { refuseNodes, verifyGraph } from "../calibrate/operators/check_graph.ts";
import type { BinaryNode, ConvolutionNode, Graph, PoolNode, ResizeAxis } from "../calibrate/graph/graph.ts";
import { broadcastShapes } from "../calibrate/graph/shape.ts";
import { lower } from "../calibrate/program/lower.ts";
import type { Activation } from "../runtime/activation.ts";
import { checkLifetimes } from "../runtime/bundle/check_lifetimes.ts";
import { align } from "../runtime/alignment.ts";
import { tensorBytes } from "../runtime/tensor.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import { interpret } from "./support/interpret.ts";
import { makeGraph, randomFloats, smallParts } from "./support/tiny_bundle.ts";

const TOLERANCE = 1e-5;

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Runs a graph's float program and the interpreter on the same input and compares all outputs. */
async function assertSameAsInterpreted(graph: Graph): Promise<void> {
  verifyGraph(graph);
  const { program, data } = lower(graph);
  const model = new Model(await readBundle(await writeBundle(program, data)));
  const inputs = graph.inputs.map((port, index) => [port.name, randomFloats(size(port.shape), 77 + index)] as const);
  const expected = interpret(graph, new Map(inputs));
  const actual = model.run(Object.fromEntries(inputs));
  assertEquals(Object.keys(actual), [...expected.keys()]);
  for (const [name, { data, shape }] of expected) {
    assertEquals(actual[name].shape, shape);
    for (const [index, value] of data.entries()) {
      assertAlmostEquals(actual[name].data[index], value, TOLERANCE, `${name}[${index}]`);
    }
  }
}

type ConvolutionParts = Partial<ConvolutionNode> & Pick<ConvolutionNode, "weightShape">;

function convolutionGraph(input: number[], output: number[], parts: ConvolutionParts): Graph {
  return makeGraph({
    inputs: { x: input },
    shapes: { y: output },
    nodes: [{
      op: "convolution",
      inputs: ["x"],
      output: "y",
      weights: randomFloats(size(parts.weightShape), 5),
      bias: randomFloats(parts.weightShape[0], 6),
      stride: [1, 1],
      dilation: [1, 1],
      pads: [0, 0, 0, 0],
      groups: 1,
      activation: { kind: "identity" },
      ...parts,
    }],
  });
}

Deno.test("Convolutions of one group compute what the graph says", async () => {
  await assertSameAsInterpreted(convolutionGraph([1, 5, 7, 3], [1, 5, 7, 9], { weightShape: [9, 3, 1, 1] }));
  await assertSameAsInterpreted(
    convolutionGraph([1, 8, 7, 3], [1, 4, 4, 5], { weightShape: [5, 3, 3, 3], stride: [2, 2], pads: [1, 1, 0, 1] }),
  );
  await assertSameAsInterpreted(
    convolutionGraph([2, 9, 9, 2], [2, 5, 7, 4], { weightShape: [4, 2, 3, 2], dilation: [2, 3], pads: [0, 1, 0, 0] }),
  );
});

Deno.test("Grouped convolutions compute what the graph says", async () => {
  await assertSameAsInterpreted(
    convolutionGraph([1, 6, 6, 8], [1, 6, 6, 12], { weightShape: [12, 2, 3, 3], groups: 4, pads: [1, 1, 1, 1] }),
  );
  await assertSameAsInterpreted(
    convolutionGraph([1, 4, 4, 3], [1, 4, 4, 6], { weightShape: [6, 1, 3, 3], groups: 3, pads: [1, 1, 1, 1] }),
  );
});

Deno.test("Depthwise convolutions compute what the graph says", async () => {
  await assertSameAsInterpreted(
    convolutionGraph([1, 7, 6, 5], [1, 7, 6, 5], { weightShape: [5, 1, 3, 3], groups: 5, pads: [1, 1, 1, 1] }),
  );
  await assertSameAsInterpreted(
    convolutionGraph([1, 9, 9, 17], [1, 4, 4, 17], {
      weightShape: [17, 1, 3, 3],
      groups: 17,
      stride: [2, 2],
      dilation: [2, 2],
      pads: [1, 2, 1, 0],
    }),
  );
});

const ACTIVATIONS: Activation[] = [
  { kind: "relu" },
  { kind: "clip", min: -0.25, max: 0.5 },
  { kind: "clip", min: 0, max: Infinity },
  { kind: "leakyRelu", alpha: 0.1 },
  { kind: "prelu" },
  { kind: "hardSwish" },
  { kind: "hardSigmoid", alpha: 0.25, beta: 0.5 },
  { kind: "sigmoid" },
  { kind: "silu" },
  { kind: "gelu" },
  { kind: "geluTanh" },
  { kind: "elu", alpha: 0.5 },
  { kind: "tanh" },
];

Deno.test("Layers apply every activation function, with and without a step of its own", async () => {
  for (const activation of ACTIVATIONS) {
    const slopes = activation.kind === "prelu" ? { slopes: Float32Array.of(0.5, -0.5, 0.1) } : {};
    const parts: ConvolutionParts = { weightShape: [3, 2, 1, 1], activation, ...slopes };
    await assertSameAsInterpreted(convolutionGraph([1, 3, 3, 2], [1, 3, 3, 3], parts));
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: [2, 2, 3] },
      shapes: { y: [2, 2, 3] },
      nodes: [{
        op: "activation",
        inputs: ["x"],
        output: "y",
        activation,
        ...slopes,
        ...(slopes.slopes && { axis: 2 }),
      }],
    }));
  }
});

Deno.test("Fully connected layers work over any leading dimensions", async () => {
  for (const leading of [[1], [5], [2, 3]]) {
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: [...leading, 7] },
      shapes: { y: [...leading, 10] },
      nodes: [{
        op: "fullyConnected",
        inputs: ["x"],
        output: "y",
        weights: randomFloats(70, 8),
        weightShape: [10, 7],
        bias: randomFloats(10, 9),
        activation: { kind: "gelu" },
      }],
    }));
  }
});

Deno.test("Pools take maxima and averages over padded, dilated and overhanging windows", async () => {
  const pools: [Partial<PoolNode>, number[]][] = [
    [{ reduction: "max" }, [1, 3, 3, 5]],
    [{ reduction: "max", pads: [1, 1, 1, 1] }, [1, 4, 4, 5]],
    [{ reduction: "max", dilation: [2, 2], stride: [1, 1] }, [1, 3, 3, 5]],
    [{ reduction: "average", pads: [1, 1, 1, 1] }, [1, 4, 4, 5]],
    [{ reduction: "average", pads: [1, 1, 1, 1], countIncludePad: true }, [1, 4, 4, 5]],
    [{ reduction: "average", pads: [0, 0, 1, 1], countIncludePad: true }, [1, 4, 4, 5]],
  ];
  for (const [parts, output] of pools) {
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: [1, 7, 7, 5] },
      shapes: { y: output },
      nodes: [{
        op: "pool",
        inputs: ["x"],
        output: "y",
        reduction: "max",
        kernel: [3, 3],
        stride: [2, 2],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        countIncludePad: false,
        ...parts,
      }],
    }));
  }
});

Deno.test("Means are taken over neighbouring dimensions anywhere", async () => {
  for (const axes of [[0], [1, 2], [3], [1, 2, 3], [0, 1, 2, 3]]) {
    const input = [2, 3, 4, 5];
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: input },
      shapes: { y: input.map((length, axis) => axes.includes(axis) ? 1 : length) },
      nodes: [{ op: "reduceMean", inputs: ["x"], output: "y", axes }],
    }));
  }
});

Deno.test("Means are taken over dimensions that are no neighbours", async () => {
  for (const axes of [[0, 2], [1, 3], [0, 3], [0, 2, 3], [0, 1, 3]]) {
    const input = [2, 3, 4, 5];
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: input },
      shapes: { y: input.map((length, axis) => axes.includes(axis) ? 1 : length) },
      nodes: [{ op: "reduceMean", inputs: ["x"], output: "y", axes }],
    }));
  }
});

Deno.test("Softmax is taken over any dimension", async () => {
  for (const axis of [0, 1, 2]) {
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: [3, 4, 5] },
      shapes: { y: [3, 4, 5] },
      nodes: [{ op: "softmax", inputs: ["x"], output: "y", axis }],
    }));
  }
});

Deno.test("Matrix products run in batches, with one operand shared or not", async () => {
  const cases = [
    [[4, 5], [5, 3], [4, 3]],
    [[2, 3, 4, 5], [2, 3, 5, 9], [2, 3, 4, 9]],
    [[6, 1, 5], [5, 3], [6, 1, 3]],
    [[1, 4, 5], [6, 5, 3], [6, 4, 3]],
    [[2, 1, 3, 4], [2, 5, 4, 2], [2, 5, 3, 2]],
    [[2, 3, 4, 5], [3, 5, 2], [2, 3, 4, 2]],
    [[2, 1, 4, 5], [1, 3, 5, 2], [2, 3, 4, 2]],
  ];
  for (const [a, b, y] of cases) {
    await assertSameAsInterpreted(makeGraph({
      inputs: { a, b },
      shapes: { y },
      nodes: [{ op: "matMul", inputs: ["a", "b"], output: "y" }],
    }));
  }
});

Deno.test("Values and constants are concatenated along any dimension", async () => {
  for (const axis of [0, 1, 3]) {
    const shapes = [1, 2, 3].map((length) => [2, 3, 2, 4].with(axis, length));
    await assertSameAsInterpreted(makeGraph({
      inputs: { a: shapes[0], b: shapes[1] },
      shapes: { y: [2, 3, 2, 4].with(axis, 6) },
      constants: { c: { shape: shapes[2], data: randomFloats(size(shapes[2]), 3) } },
      nodes: [{ op: "concat", inputs: ["a", "c", "b"], output: "y", axis }],
    }));
  }
  await assertSameAsInterpreted(makeGraph({
    inputs: { x: [2, 3] },
    shapes: { y: [2, 6] },
    nodes: [{ op: "concat", inputs: ["x", "x"], output: "y", axis: 1 }],
  }));
});

Deno.test("Images are resampled by the nearest pixel and linearly", async () => {
  const rows: ResizeAxis = {
    indices: Int32Array.of(0, 0, 0, 1, 1, 1, 1, 2, 2, 2),
    weights: Float32Array.of(0, 0.4, 0, 0.75, 0),
  };
  const columns: ResizeAxis = { indices: Int32Array.of(3, 2, 0, 1), weights: Float32Array.of(0.25, 0.5) };
  for (const mode of ["nearest", "linear"] as const) {
    const weightless = (axis: ResizeAxis) =>
      mode === "linear" ? axis : { indices: axis.indices, weights: new Float32Array(axis.weights.length) };
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: [2, 3, 4, 5] },
      shapes: { y: [2, 5, 2, 5] },
      nodes: [{ op: "resize", inputs: ["x"], output: "y", mode, rows: weightless(rows), columns: weightless(columns) }],
    }));
  }
});

Deno.test("Dimensions are permuted in every order", async () => {
  const input = [2, 3, 4, 5];
  for (const permutation of [[0, 2, 3, 1], [0, 3, 1, 2], [3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2]]) {
    await assertSameAsInterpreted(makeGraph({
      inputs: { x: input },
      shapes: { y: permutation.map((axis) => input[axis]) },
      nodes: [{ op: "transpose", inputs: ["x"], output: "y", permutation }],
    }));
  }
});

Deno.test("Elements move over more dimensions than a step walks", async () => {
  for (const shape of [[2, 3, 2, 2, 3, 2, 2], [3, 2, 2, 2, 2, 2, 2, 3]]) {
    const reversed = shape.map((_, axis) => axis).toReversed();
    const graph = makeGraph({
      inputs: { x: shape },
      shapes: { y: shape.toReversed() },
      nodes: [{ op: "transpose", inputs: ["x"], output: "y", permutation: reversed }],
    });
    assertEquals(refuseNodes(graph), []);
    await assertSameAsInterpreted(graph);
  }
});

Deno.test("Slices step forwards and backwards", async () => {
  await assertSameAsInterpreted(makeGraph({
    inputs: { x: [4, 6, 5] },
    shapes: { y: [2, 3, 5] },
    nodes: [{ op: "slice", inputs: ["x"], output: "y", starts: [3, 1, 4], steps: [-2, 2, -1] }],
  }));
});

Deno.test("Pads on all sides hold their value", async () => {
  await assertSameAsInterpreted(makeGraph({
    inputs: { x: [2, 3, 2] },
    shapes: { y: [3, 6, 4] },
    nodes: [{ op: "pad", inputs: ["x"], output: "y", before: [0, 2, 1], after: [1, 1, 1], value: -1.5 }],
  }));
});

Deno.test("Dilated images hold zeros between their pixels", async () => {
  await assertSameAsInterpreted(makeGraph({
    inputs: { x: [2, 3, 2, 3] },
    shapes: { y: [2, 5, 4, 3] },
    nodes: [{ op: "dilate", inputs: ["x"], output: "y", step: [2, 3] }],
  }));
});

Deno.test("Functions of two values broadcast over values and constants on both sides", async () => {
  const operations: BinaryNode["operation"][] = ["add", "subtract", "multiply", "divide", "maximum", "minimum"];
  const shapes = [[2, 3, 4, 5], [5], [4, 1], [3, 1, 1], [1, 1, 4, 5], [2, 1, 4, 1], [1], []];
  for (const [index, operation] of operations.entries()) {
    for (const shape of shapes) {
      const data = randomFloats(size(shape), index + 1).map((value) => value + 2 * Math.sign(value));
      for (const inputs of [["x", "c"], ["c", "x"]]) {
        if (operation === "divide" && inputs[1] === "x") continue;
        await assertSameAsInterpreted(makeGraph({
          inputs: { x: [2, 3, 4, 5] },
          shapes: { y: [2, 3, 4, 5] },
          constants: { c: { shape, data } },
          nodes: [{ op: "binary", inputs, output: "y", operation, activation: { kind: "leakyRelu", alpha: 0.5 } }],
        }));
      }
    }
    await assertSameAsInterpreted(makeGraph({
      inputs: { a: [3, 1, 5], b: [4, 1] },
      shapes: { y: [3, 4, 5] },
      nodes: [{
        op: "binary",
        inputs: ["a", "b"],
        output: "y",
        operation: "multiply",
        activation: { kind: "identity" },
      }],
    }));
  }
});

Deno.test("Values are reshaped without a step, also where they are inputs or outputs", async () => {
  const graph = makeGraph({
    inputs: { x: [2, 6] },
    shapes: { middle: [3, 4], negative: [3, 4], y: [12] },
    constants: { zero: { shape: [], data: Float32Array.of(0) } },
    nodes: [
      { op: "reshape", inputs: ["x"], output: "middle" },
      {
        op: "binary",
        inputs: ["zero", "middle"],
        output: "negative",
        operation: "subtract",
        activation: { kind: "relu" },
      },
      { op: "reshape", inputs: ["negative"], output: "y" },
    ],
    outputs: ["y", "negative", "middle"],
  });
  await assertSameAsInterpreted(graph);
  assertEquals(lower(graph).program.steps.map((step) => step.kernel), ["constant", "binary_f32"]);
});

/** A chain of activation functions over values of different sizes, with one that lives to the end. */
function chain(length: number): Graph {
  const names = Array.from({ length }, (_, index) => `v${index}`);
  return makeGraph({
    inputs: { x: [1, 100] },
    shapes: { ...Object.fromEntries(names.map((name) => [name, [1, 100]])), y: [1, 100] },
    nodes: [
      ...names.map((output, index) => ({
        op: "activation" as const,
        inputs: [index === 0 ? "x" : names[index - 1]],
        output,
        activation: { kind: "tanh" as const },
      })),
      {
        op: "binary",
        inputs: [names[0], names[length - 1]],
        output: "y",
        operation: "add",
        activation: { kind: "relu" },
      },
    ],
  });
}

Deno.test("The memory plan keeps live tensors apart and reuses the memory of dead ones", async () => {
  const graph = chain(20);
  await assertSameAsInterpreted(graph);
  for (const { program } of [lower(graph), smallParts()]) {
    checkLifetimes(program);
    const sum = program.tensors.reduce((total, tensor) => total + align(tensorBytes(tensor)), 0);
    assert(program.arenaBytes < sum, `${program.arenaBytes} of ${sum} bytes`);
    assert(program.tensors.every((tensor) => tensor.offset + tensorBytes(tensor) <= program.arenaBytes));
  }
  assertEquals(lower(graph).program.arenaBytes, 3 * align(400));
});

Deno.test("Float layers with probes show their values before the activation function", () => {
  const graph = convolutionGraph([1, 3, 3, 2], [1, 3, 3, 3], {
    weightShape: [3, 2, 1, 1],
    activation: { kind: "relu" },
  });
  const { program, layers } = lower(graph, { probes: true });
  const layer = layers.get("y")!;
  assertEquals(program.tensors[layer.preactivation!].type, "f32");
  assertEquals(program.steps[layer.probe!].output, layer.preactivation);
  assertEquals(program.steps[layer.step].inputs, [layer.preactivation]);
});

Deno.test("Functions of two values broadcast over more dimensions than their kernels walk", async () => {
  const cases = [
    [[2, 1, 2, 1, 3], [1, 3, 1, 2, 1]],
    [[2, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1]],
    [[2, 3, 2, 2, 3], [2, 1, 2, 1, 3]],
    [[3, 1, 2, 1, 2], [2, 1, 3, 1, 2, 1]],
  ];
  for (const [a, b] of cases) {
    const y = broadcastShapes(a, b)!;
    for (const operation of ["subtract", "divide"] as const) {
      const graph = makeGraph({
        inputs: { a },
        constants: { b: { shape: b, data: randomFloats(size(b), 4).map((value) => value + 3) } },
        shapes: { y },
        nodes: [{ op: "binary", inputs: ["a", "b"], output: "y", operation, activation: { kind: "identity" } }],
      });
      assertEquals(refuseNodes(graph), []);
      await assertSameAsInterpreted(graph);
    }
  }
});

Deno.test("What the kernels cannot take is refused with the reason, and what is within their limits is not", () => {
  const wide = (kernel: number, parts: Partial<ConvolutionNode> = {}) =>
    convolutionGraph([1, 1, kernel, 1], [1, 1, 1, 1], { weightShape: [1, 1, 1, kernel], ...parts });
  const reduced = (length: number) =>
    makeGraph({
      inputs: { x: [length, 1] },
      shapes: { y: [1, 1] },
      nodes: [{ op: "reduceMean", inputs: ["x"], output: "y", axes: [0] }],
    });
  const padded = (value: number) =>
    makeGraph({
      inputs: { x: [1, 2] },
      shapes: { y: [1, 3] },
      nodes: [{ op: "pad", inputs: ["x"], output: "y", before: [0, 1], after: [0, 0], value }],
    });
  const turned = (length: number) => {
    const shape = new Array<number>(8).fill(length);
    return makeGraph({
      inputs: { x: shape },
      shapes: { y: shape },
      nodes: [{ op: "transpose", inputs: ["x"], output: "y", permutation: [7, 6, 5, 4, 3, 2, 1, 0] }],
    });
  };
  const cases: [Graph, RegExp | undefined][] = [
    [wide(65535), undefined],
    [wide(65536), /65535/],
    [wide(2, { stride: [1, 65536] }), /strides/],
    [wide(2, { dilation: [1, 70000] }), /dilations/],
    [reduced(2 ** 24), undefined],
    [reduced(2 ** 24 + 1), /16777216/],
    [padded(1), undefined],
    [padded(-Infinity), /infinite/],
    [turned(5), undefined],
    [turned(17), /too many dimensions/],
  ];
  for (const [graph, reason] of cases) {
    const refused = refuseNodes(graph);
    if (reason === undefined) assertEquals(refused, []);
    else assert(reason.test(refused[0]?.reason), refused[0]?.reason);
  }
});
