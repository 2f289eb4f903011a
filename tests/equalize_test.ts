import { assert, assertEquals } from "@std/assert";
import { linkChannels } from "../calibrate/equalize/channel_links.ts";
import { equalizeLayers } from "../calibrate/equalize/equalize_layers.ts";
import type { ConvolutionNode, FullyConnectedNode, Graph, Node } from "../calibrate/graph/graph.ts";
import { verifyGraph } from "../calibrate/operators/check_graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import type { Activation } from "../runtime/activation.ts";
import { interpret } from "./support/interpret.ts";
import { type Random, random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

type Shape = [number, number, number, number];

/** A convolution whose channels differ in range by up to 2^6. */
function convolution(
  draw: Random,
  name: { input: string; output: string },
  weightShape: Shape,
  options: { groups?: number; activation?: Activation; normalized?: boolean } = {},
): ConvolutionNode {
  const { groups = 1, activation = { kind: "relu" }, normalized = false } = options;
  const depth = weightShape[1] * weightShape[2] * weightShape[3];
  const spread = draw.f32(weightShape[0], -3, 3).map((exponent) => 2 ** exponent);
  const weights = draw.f32(weightShape[0] * depth).map((weight, index) => weight * spread[Math.floor(index / depth)]);
  return {
    op: "convolution",
    name: name.output,
    inputs: [name.input],
    output: name.output,
    weights,
    weightShape,
    bias: draw.f32(weightShape[0], -0.5, 0.5),
    stride: [1, 1],
    dilation: [1, 1],
    pads: weightShape[2] === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0],
    groups,
    activation,
    ...(activation.kind === "prelu" && { slopes: draw.f32(weightShape[0], 0.1, 0.5) }),
    ...(normalized && {
      normalization: {
        gamma: spread,
        beta: draw.f32(weightShape[0]),
        variance: new Float32Array(weightShape[0]).fill(1),
        epsilon: 1e-5,
      },
    }),
  };
}

function dense(
  draw: Random,
  name: { input: string; output: string },
  weightShape: [number, number],
): FullyConnectedNode {
  return {
    op: "fullyConnected",
    name: name.output,
    inputs: [name.input],
    output: name.output,
    weights: draw.f32(weightShape[0] * weightShape[1]),
    weightShape,
    bias: draw.f32(weightShape[0]),
    activation: { kind: "identity" },
  };
}

const IMAGE = [1, 4, 4, 3];
const WIDE = [1, 4, 4, 6];

/** Everything that can link channels: layers of each kind, a residual, branches, a gate, a flattened image. */
function network(seed: number): Graph {
  const draw = random(seed);
  const wide = (input: string, output: string, options = {}) =>
    convolution(draw, { input, output }, [6, 6, 1, 1], options);
  return makeGraph({
    inputs: { x: IMAGE },
    shapes: {
      stem: WIDE,
      depthwise: WIDE,
      project: WIDE,
      sum: WIDE,
      squeeze: [1, 1, 1, 6],
      gate: [1, 1, 1, 6],
      gated: WIDE,
      left: WIDE,
      right: WIDE,
      both: [1, 4, 4, 12],
      part: WIDE,
      grouped: WIDE,
      pooled: [1, 2, 2, 6],
      flat: [1, 24],
      y: [1, 5],
    },
    nodes: [
      convolution(draw, { input: "x", output: "stem" }, [6, 3, 3, 3], {
        activation: { kind: "leakyRelu", alpha: 0.1 },
        normalized: true,
      }),
      convolution(draw, { input: "stem", output: "depthwise" }, [6, 1, 3, 3], { groups: 6 }),
      wide("depthwise", "project", { activation: { kind: "identity" } }),
      { op: "binary", inputs: ["stem", "project"], output: "sum", operation: "add", activation: { kind: "relu" } },
      { op: "reduceMean", inputs: ["sum"], output: "squeeze", axes: [1, 2] },
      wide("squeeze", "gate", { activation: { kind: "sigmoid" } }),
      {
        op: "binary",
        inputs: ["sum", "gate"],
        output: "gated",
        operation: "multiply",
        activation: { kind: "identity" },
      },
      wide("gated", "left", { activation: { kind: "prelu" } }),
      wide("gated", "right", { normalized: true }),
      { op: "concat", inputs: ["left", "right"], output: "both", axis: 3 },
      { op: "slice", inputs: ["both"], output: "part", starts: [0, 0, 0, 1], steps: [1, 1, 1, 2] },
      convolution(draw, { input: "part", output: "grouped" }, [6, 3, 3, 3], { groups: 2 }),
      {
        op: "pool",
        inputs: ["grouped"],
        output: "pooled",
        reduction: "max",
        kernel: [2, 2],
        stride: [2, 2],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        countIncludePad: false,
      },
      { op: "reshape", inputs: ["pooled"], output: "flat" },
      dense(draw, { input: "flat", output: "y" }, [5, 24]),
    ],
  });
}

function layer(graph: Graph, output: string): ConvolutionNode | FullyConnectedNode {
  return graph.nodes.find((node) => node.output === output) as ConvolutionNode | FullyConnectedNode;
}

/** Greatest difference of the outputs on an input, as a share of the greatest output. */
function difference(graph: Graph, other: Graph, elements: Float32Array): number {
  const run = (network: Graph) => interpret(network, new Map([[network.inputs[0].name, elements]]));
  const [one, two] = [run(graph), run(other)];
  return Math.max(...graph.outputs.map(({ name }) => {
    const [a, b] = [one.get(name)!.data, two.get(name)!.data];
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0) / largest;
  }));
}

Deno.test("Equalisation leaves what a network computes as it was", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const graph = network(seed);
    const { graph: equalized, channels } = equalizeLayers(graph);
    verifyGraph(equalized);
    assert(channels >= 20, `${channels} channels`);
    for (let sample = 0; sample < 4; sample++) {
      const share = difference(graph, equalized, random(100 * seed + sample).f32(48, -2, 2));
      assert(share < 1e-5, `seed ${seed}: ${share}`);
    }
  }
});

Deno.test("The demo network, with residuals and ReLU, computes what it did", async () => {
  const bytes = await Deno.readFile(new URL("../examples/demo/network.onnx", import.meta.url));
  const graph = importOnnx(bytes, { name: "demo" });
  const { graph: equalized, channels } = equalizeLayers(graph);
  assert(channels > 300, `${channels} channels`);
  assert(difference(graph, equalized, random(7).f32(3 * 48 * 48, -2, 2)) < 1e-4);
});

Deno.test("Ranges as made and as read are equal afterwards, as shares of their layers' largest", () => {
  const draw = random(21);
  const graph = makeGraph({
    inputs: { x: IMAGE },
    shapes: { a: WIDE, y: WIDE },
    nodes: [
      convolution(draw, { input: "x", output: "a" }, [6, 3, 1, 1]),
      convolution(draw, { input: "a", output: "y" }, [6, 6, 1, 1], { activation: { kind: "identity" } }),
    ],
  });
  const ranges = (graph: Graph) => {
    const [first, second] = [layer(graph, "a").weights, layer(graph, "y").weights];
    const largest = (values: Float32Array, keep: (index: number) => boolean) =>
      values.reduce((most, value, index) => keep(index) ? Math.max(most, Math.abs(value)) : most, 0);
    return Array.from({ length: 6 }, (_, channel) =>
      largest(first, (index) => Math.floor(index / 3) === channel) /
      largest(second, (index) => index % 6 === channel));
  };
  const unevenness = (list: number[]) => Math.max(...list) / Math.min(...list);
  const [before, after] = [graph, equalizeLayers(graph).graph].map((graph) => unevenness(ranges(graph)));
  assert(before > 2 && after < 1.01, `${before} before, ${after} after`);
});

Deno.test("The normalisation that a layer holds is scaled with it", () => {
  const graph = network(3);
  const { graph: equalized } = equalizeLayers(graph);
  const [before, after] = [layer(graph, "right"), layer(equalized, "right")];
  before.normalization!.gamma.forEach((gamma, channel) => {
    const factor = before.bias[channel] / after.bias[channel];
    assert(Math.abs(gamma / after.normalization!.gamma[channel] / factor - 1) < 1e-5);
    assert(Math.abs(before.normalization!.beta[channel] / after.normalization!.beta[channel] / factor - 1) < 1e-5);
  });
});

/** Two convolutions with `between` in the middle. */
function chain(activation: Activation, between: (Omit<Node, "name"> & { name?: string })[] = []): Graph {
  const draw = random(31);
  const last = between.at(-1)?.output ?? "a";
  return makeGraph({
    inputs: { x: IMAGE },
    shapes: { a: WIDE, b: WIDE, y: WIDE },
    nodes: [
      convolution(draw, { input: "x", output: "a" }, [6, 3, 1, 1], { activation }),
      ...between as Node[],
      convolution(draw, { input: last, output: "y" }, [6, 6, 1, 1], { activation: { kind: "identity" } }),
    ],
  });
}

Deno.test("Layers around functions that are not positively homogeneous stay as they are", () => {
  const inhomogeneous: Activation[] = [
    { kind: "clip", min: 0, max: 6 },
    { kind: "hardSwish" },
    { kind: "sigmoid" },
    { kind: "silu" },
    { kind: "gelu" },
    { kind: "elu", alpha: 1 },
    { kind: "tanh" },
  ];
  for (const activation of inhomogeneous) {
    const graph = chain(activation);
    const { graph: equalized, channels } = equalizeLayers(graph);
    assertEquals(channels, 0, activation.kind);
    assertEquals(equalized.nodes, graph.nodes);
  }
  const softmax = chain({ kind: "relu" }, [{ op: "softmax", inputs: ["a"], output: "b", axis: 3 } as Node]);
  assertEquals(equalizeLayers(softmax).channels, 0);
  const alone = chain({ kind: "identity" }, [
    { op: "activation", inputs: ["a"], output: "b", activation: { kind: "hardSwish" } } as Node,
  ]);
  assertEquals(equalizeLayers(alone).channels, 0);
});

Deno.test("Clips that are never reached let channels be scaled and keep what they compute", () => {
  const limits: [number, number][] = [[-65504, 65504], [0, 65504], [-1e9, 1e9], [0, 1e30], [-3e38, 65504]];
  for (const [min, max] of limits) {
    const clip: Activation = { kind: "clip", min, max };
    const apart = chain({ kind: "identity" }, [
      { op: "activation", inputs: ["a"], output: "b", activation: clip } as Node,
    ]);
    for (const graph of [chain(clip), apart]) {
      const { graph: equalized, channels } = equalizeLayers(graph);
      verifyGraph(equalized);
      assert(channels > 0, `${min} to ${max}`);
      for (const size of [1, 1000]) assertSameOutputs(graph, equalized, size);
    }
  }
  for (const [min, max] of [[-1, 65504], [-65504, 6], [-1000, 1000]]) {
    assertEquals(equalizeLayers(chain({ kind: "clip", min, max })).channels, 0, `${min} to ${max}`);
  }
});

/** Runs two graphs on numbers of a size and compares their outputs. */
function assertSameOutputs(a: Graph, b: Graph, size: number): void {
  const inputs = new Map([["x", random(4).f32(48, -size, size)]]);
  const [before, after] = [a, b].map((graph) => [...interpret(graph, inputs).values()][0].data);
  const scale = Math.max(...before.map(Math.abs));
  before.forEach((value, index) => assert(Math.abs(value - after[index]) < 1e-5 * scale, `${value} ${after[index]}`));
}

Deno.test("A value that is an output of the network, or added to one of its inputs, keeps its channels", () => {
  const graph = chain({ kind: "relu" });
  const shown = { ...graph, outputs: [...graph.outputs, { ...graph.outputs[0], name: "a", value: "a" }] };
  assertEquals(equalizeLayers(shown).channels, 0);

  const draw = random(33);
  const residual = makeGraph({
    inputs: { x: WIDE },
    shapes: { a: WIDE, sum: WIDE, y: WIDE },
    nodes: [
      convolution(draw, { input: "x", output: "a" }, [6, 6, 1, 1]),
      { op: "binary", inputs: ["x", "a"], output: "sum", operation: "add", activation: { kind: "relu" } },
      convolution(draw, { input: "sum", output: "y" }, [6, 6, 1, 1]),
    ],
  });
  assertEquals(equalizeLayers(residual).channels, 0);
});

Deno.test("Dead channels keep their factor, and no factor leaves 1/64 to 64", () => {
  const graph = chain({ kind: "relu" });
  const first = layer(graph, "a");
  first.weights.fill(0, 0, 3);
  first.weights.forEach((_, index) => index >= 3 && index < 6 && (first.weights[index] *= 1e-5));
  const { graph: equalized } = equalizeLayers(graph);
  const factors = first.bias.map((bias, channel) => bias / layer(equalized, "a").bias[channel]);
  assertEquals(factors[0], 1);
  assert(Math.abs(factors[1] * 64 - 1) < 1e-5, `${factors[1]}`);
  factors.forEach((factor) => assert(factor >= 0.99 / 64 && factor <= 64.01));
});

Deno.test("Channels that are added, joined or gated share their factor, others do not", () => {
  const graph = network(5);
  const links = linkChannels(graph);
  const channel = (value: string, index: number) => links.root(links.first(value) + index);
  for (let index = 0; index < 6; index++) {
    for (const value of ["project", "sum", "gated"]) assertEquals(channel(value, index), channel("stem", index));
    assertEquals(channel("part", index), index < 3 ? channel("left", 2 * index + 1) : channel("right", 2 * index - 5));
    assertEquals(channel("flat", index + 6), channel("grouped", index));
    assert(channel("stem", index) !== channel("depthwise", index));
    assertEquals(links.isFixed(links.first("gate") + index), true);
    assertEquals(links.isFixed(links.first("sum") + index), false);
  }
  assert(channel("stem", 0) !== channel("stem", 1));
});
