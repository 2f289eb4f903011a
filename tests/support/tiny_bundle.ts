/**
 * Small graphs and bundles that tests make by hand.
 *
 * @module
 */

import type { Graph, Node, Port, Value } from "../../calibrate/graph/graph.ts";
import { lower } from "../../calibrate/program/lower.ts";
import type { QuantizationPlan } from "../../calibrate/plan.ts";
import { DIGEST_BYTES, PREFIX_BYTES } from "../../runtime/bundle/format.ts";
import { align } from "../../runtime/alignment.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import type { Program } from "../../runtime/program.ts";
import type { Kernel, Step } from "../../runtime/kernels/registry.ts";

/** Distributes Omit over a union, so that each node keeps its own fields. */
type NodeParts<T> = T extends Node ? Omit<T, "name"> & { name?: string } : never;

/** A graph in short: shapes of the inputs and of what the nodes make. */
export interface GraphParts {
  /** Shape of each input, by name. */
  inputs: Record<string, number[]>;
  nodes: NodeParts<Node>[];
  /** Shape of each node's output, by name. */
  shapes: Record<string, number[]>;
  /** Constants, by name. */
  constants?: Record<string, { shape: number[]; data: Float32Array }>;
  /** Names of the outputs; the last node's where absent. */
  outputs?: string[];
}

/** Makes a graph whose ports have the names of their values; nodes without a name go by their output. */
export function makeGraph(parts: GraphParts): Graph {
  const values = new Map<string, Value>();
  const add = (name: string, shape: number[], data?: Float32Array) =>
    values.set(name, data ? { name, type: "float32", shape, data } : { name, type: "float32", shape });
  for (const [name, shape] of Object.entries({ ...parts.inputs, ...parts.shapes })) add(name, shape);
  for (const [name, { shape, data }] of Object.entries(parts.constants ?? {})) add(name, shape, data);
  const nodes = parts.nodes.map((node) => ({ name: node.output, ...node }) as Node);
  const port = (name: string): Port => ({ name, value: name, shape: values.get(name)!.shape, batched: false });
  return {
    name: "hand-made",
    inputs: Object.keys(parts.inputs).map(port),
    outputs: (parts.outputs ?? [nodes[nodes.length - 1].output]).map(port),
    nodes,
    values,
  };
}

/** Numbers from 0 to 1 of a linear congruential generator. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Elements from -1 to 1 of a linear congruential generator. */
export function randomFloats(length: number, seed: number): Float32Array {
  const next = randomNumbers(seed);
  return Float32Array.from({ length }, () => next() * 2 - 1);
}

/** A program with its data part. */
export interface Parts {
  program: Program;
  data: Uint8Array;
}

/** A program of one fully connected layer, of under 1,000 bytes as a bundle. */
export function tinyParts(): Parts {
  const { program, data } = lower(makeGraph({
    inputs: { x: [1, 2] },
    shapes: { y: [1, 2] },
    nodes: [{
      op: "fullyConnected",
      inputs: ["x"],
      output: "y",
      weights: Float32Array.of(1, 2, 3, 4),
      weightShape: [2, 2],
      bias: Float32Array.of(0.5, -0.5),
      activation: { kind: "relu" },
    }],
  }));
  return { program, data };
}

/** An 8-bit program with steps of most kernels: input [1, 3, 6, 6], outputs "probabilities" and "table". */
export function smallParts(): Parts {
  return partsOf(planOf);
}

/** The same with weights of 4 bits in its convolution and its fully connected layer. */
export function groupedParts(): Parts {
  return partsOf((graph) => {
    const plan = planOf(graph);
    for (const [layer, weights] of plan.weights) {
      if (layer === "deep") continue;
      const channels = weights.scales.length;
      const multipliers = Uint8Array.from(
        { length: channels * Math.ceil(weights.values.length / channels / 8) },
        () => 9,
      );
      const values = weights.values.map((value) => Math.round(value / 9) * 9);
      plan.weights.set(layer, { ...weights, values, groups: { size: 8, multipliers } });
    }
    return plan;
  });
}

function partsOf(makePlan: (graph: Graph) => QuantizationPlan): Parts {
  const axis = {
    indices: Int32Array.of(0, 0, 0, 1, 1, 2, 2, 2),
    weights: Float32Array.of(0, 0.5, 0.25, 0),
  };
  const window = { stride: [1, 1] as [number, number], dilation: [1, 1] as [number, number] };
  const graph = makeGraph({
    inputs: { x: [1, 3, 6, 6] },
    shapes: {
      image: [1, 6, 6, 3],
      convolved: [1, 6, 6, 4],
      deep: [1, 6, 6, 4],
      sum: [1, 6, 6, 4],
      pooled: [1, 3, 3, 4],
      sliced: [1, 3, 3, 4],
      padded: [1, 4, 4, 4],
      resized: [1, 4, 4, 4],
      joined: [1, 4, 4, 8],
      mean: [1, 1, 1, 8],
      flat: [1, 8],
      logits: [1, 4],
      probabilities: [1, 4],
      column: [4, 1],
      product: [4, 4],
      shifted: [4, 4],
      table: [4, 4],
    },
    constants: { shift: { shape: [4, 1], data: Float32Array.of(1, 2, 3, 4) } },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      {
        ...window,
        op: "convolution",
        inputs: ["image"],
        output: "convolved",
        weights: randomFloats(4 * 3 * 9, 1),
        weightShape: [4, 3, 3, 3],
        bias: randomFloats(4, 2),
        pads: [1, 1, 1, 1],
        groups: 1,
        activation: { kind: "relu" },
      },
      {
        ...window,
        op: "convolution",
        inputs: ["convolved"],
        output: "deep",
        weights: randomFloats(4 * 9, 3),
        weightShape: [4, 1, 3, 3],
        bias: randomFloats(4, 4),
        pads: [1, 1, 1, 1],
        groups: 4,
        activation: { kind: "prelu" },
        slopes: Float32Array.of(0.1, 0.2, 0.3, 0.4),
      },
      { op: "binary", inputs: ["convolved", "deep"], output: "sum", operation: "add", activation: { kind: "silu" } },
      {
        ...window,
        op: "pool",
        inputs: ["sum"],
        output: "pooled",
        reduction: "average",
        kernel: [2, 2],
        stride: [2, 2],
        pads: [0, 0, 0, 0],
        countIncludePad: false,
      },
      { op: "slice", inputs: ["pooled"], output: "sliced", starts: [0, 2, 0, 0], steps: [1, -1, 1, 1] },
      { op: "pad", inputs: ["sliced"], output: "padded", before: [0, 1, 0, 0], after: [0, 0, 1, 0], value: 0 },
      { op: "resize", inputs: ["pooled"], output: "resized", mode: "linear", rows: axis, columns: axis },
      { op: "concat", inputs: ["padded", "resized"], output: "joined", axis: 3 },
      { op: "reduceMean", inputs: ["joined"], output: "mean", axes: [1, 2] },
      { op: "reshape", inputs: ["mean"], output: "flat" },
      {
        op: "fullyConnected",
        inputs: ["flat"],
        output: "logits",
        weights: randomFloats(32, 5),
        weightShape: [4, 8],
        bias: randomFloats(4, 6),
        activation: { kind: "identity" },
      },
      { op: "softmax", inputs: ["logits"], output: "probabilities", axis: 1 },
      { op: "reshape", inputs: ["probabilities"], output: "column" },
      { op: "matMul", inputs: ["column", "probabilities"], output: "product" },
      {
        op: "binary",
        inputs: ["product", "shift"],
        output: "shifted",
        operation: "subtract",
        activation: { kind: "identity" },
      },
      { op: "activation", inputs: ["shifted"], output: "table", activation: { kind: "tanh" } },
    ],
    outputs: ["probabilities", "table"],
  });
  const { program, data } = lower(graph, { plan: makePlan(graph) });
  program.preprocessing = { resize: 8, crop: [6, 6], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  program.labels = ["circle", "square", "triangle", "star"];
  program.calibration = { weights: "channel", scales: "qmse", usp: "none", uspTarget: "none", methods: "", samples: 1 };
  return { program, data };
}

/** A plan with one scale for all activations and weights of the nearest 64th. */
export function planOf(graph: Graph): QuantizationPlan {
  const plan: QuantizationPlan = { values: new Map(), weights: new Map(), corrections: new Map() };
  for (const name of graph.values.keys()) plan.values.set(name, { scale: Math.fround(1 / 32), zeroPoint: 128 });
  for (const node of graph.nodes) {
    if (node.op !== "convolution" && node.op !== "fullyConnected") continue;
    const channels = node.weightShape[0];
    plan.weights.set(node.output, {
      values: Int8Array.from(node.weights, (weight) => Math.round(weight * 64)),
      scales: new Float32Array(channels).fill(1 / 64),
    });
    plan.corrections.set(node.output, {
      gain: new Float64Array(channels).fill(1),
      bias: Float64Array.from(node.bias),
    });
  }
  return plan;
}

/** Brings a bundle's digest in line with its content. */
export async function fixDigest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const end = bytes.length - DIGEST_BYTES;
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, end))), end);
  return bytes;
}

/** A well-formed file around any header text, with a valid digest. */
export async function bundleOf(
  header: string | Uint8Array,
  data: Uint8Array,
  version = 1,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const prefix = (await writeBundle(tinyParts().program, new Uint8Array(0))).subarray(0, PREFIX_BYTES);
  const start = align(PREFIX_BYTES + text.length);
  const bytes = new Uint8Array(start + data.length + DIGEST_BYTES);
  bytes.set(prefix);
  new DataView(bytes.buffer).setUint32(8, version, true);
  new DataView(bytes.buffer).setUint32(12, text.length, true);
  new DataView(bytes.buffer).setUint32(16, data.length, true);
  bytes.set(text, PREFIX_BYTES);
  bytes.set(data, start);
  return await fixDigest(bytes);
}

/** The first step of `program` that calls `kernel`. */
export function stepOf<K extends Kernel>(program: Program, kernel: K): Step<K> {
  return program.steps.find((step) => step.kernel === kernel) as Step<K>;
}

/** The attributes of that step, to be given any value. */
export function attributesOf(program: Program, kernel: Kernel): Record<string, unknown> {
  return stepOf(program, kernel).attributes as unknown as Record<string, unknown>;
}
