import { assert, assertEquals } from "@std/assert";
import type { ConvolutionNode, FullyConnectedNode, Node } from "../calibrate/graph/graph.ts";
import { errorCurves } from "../calibrate/grids/error_curve.ts";
import { factorOf, LEAST_STEP } from "../calibrate/grids/lattice.ts";
import { linkChannels } from "../calibrate/grids/link_channels.ts";
import {
  CHANNEL_BINS,
  createChannelHistograms,
  mergeChannelHistograms,
  observeChannels,
} from "../calibrate/observe/channel_histograms.ts";
import { chooseForms } from "../calibrate/program/forms.ts";
import { lower } from "../calibrate/program/lower.ts";
import type { Activation } from "../runtime/activation.ts";
import { fidelity, quantize, type Quantized, runQuantized } from "./support/quantized_graph.ts";
import { type Random, random } from "./support/random.ts";
import { type GraphParts, makeGraph } from "./support/tiny_bundle.ts";

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
function network(seed: number): GraphParts {
  const draw = random(seed);
  const wide = (input: string, output: string, options = {}) =>
    convolution(draw, { input, output }, [6, 6, 1, 1], options);
  return {
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
  };
}

/** Two convolutions with `between` in the middle. */
function chain(activation: Activation, between: (Omit<Node, "name"> & { name?: string })[] = []): GraphParts {
  const draw = random(31);
  const last = between.at(-1)?.output ?? "a";
  return {
    inputs: { x: IMAGE },
    shapes: { a: WIDE, b: WIDE, y: WIDE },
    nodes: [
      convolution(draw, { input: "x", output: "a" }, [6, 3, 1, 1], { activation }),
      ...between as Node[],
      convolution(draw, { input: last, output: "y" }, [6, 6, 1, 1], { activation: { kind: "identity" } }),
    ],
  };
}

/** The factors of a value; 1 for each channel where it has none. */
function factorsOf({ plan, graph }: Quantized, value: string): number[] {
  const { factors } = plan.values.get(value)!;
  return Array.from(factors ?? new Array<number>(graph.values.get(value)!.shape.at(-1)!).fill(1));
}

function hasFactors(quantized: Quantized): boolean {
  return quantized.plan.values.keys().some((value) => factorsOf(quantized, value).some((factor) => factor !== 1));
}

Deno.test("Grids for each channel leave what a network computes as it was, and come nearer to it", async () => {
  let gain = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const [plain, grids] = [await quantize(network(seed)), await quantize(network(seed), true)];
    assert(!hasFactors(plain) && hasFactors(grids));
    const [before, after] = [fidelity(plain), fidelity(grids)];
    assert(after > Math.min(30, before), `seed ${seed}: ${before} dB before, ${after} after`);
    gain += after - before;
  }
  assert(gain / 6 > 1, `${gain / 6} dB`);
});

Deno.test("Factors that all channels share, with a scale as much smaller, change no bit of the result", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const plain = await quantize(network(seed));
    const grids = await quantize(network(seed), true);
    const plan = { ...plain.plan, values: new Map(plain.plan.values), weights: new Map(plain.plan.weights) };
    for (const [value, { factors }] of grids.plan.values) {
      const own = plan.values.get(value)!;
      if (!factors) continue;
      const free = grids.graph.values.get(value)!.shape.at(-1)!;
      plan.values.set(value, { ...own, scale: own.scale / 4, factors: new Float64Array(free).fill(4) });
    }
    for (const node of plain.graph.nodes) {
      const weights = plan.weights.get(node.output);
      const factors = plan.values.get(node.inputs[0])?.factors;
      // Weights are in units of their inputs' factors: real = scale x value / factor.
      if (weights && factors) plan.weights.set(node.output, { ...weights, scales: weights.scales.map((s) => s * 4) });
    }
    const lowered = lower(plain.graph, { plan, forms: chooseForms(plain.graph) });
    const [one, two] = [runQuantized(plain), runQuantized({ ...plain, lowered })];
    for (const [value, result] of one) assertEquals(two.get(value), result, value);
  }
});

Deno.test("A bound is the end of every channel's grid, which none goes beyond", async () => {
  for (const max of [6, 1, 0.3]) {
    const quantized = await quantize(chain({ kind: "clip", min: 0, max }), true);
    const { scale, zeroPoint, factors } = quantized.plan.values.get("a")!;
    assertEquals(zeroPoint, 0);
    const values = quantized.floats.get("a")!;
    factors!.forEach((factor, channel) => {
      const top = 255 * scale * factor;
      const largest = values.reduce((most, value, index) => index % 6 === channel ? Math.max(most, value) : most, 0);
      assert(top <= max, `${top} is beyond ${max}`);
      if (largest === Math.fround(max)) assert(top > max * (1 - 1e-6), `${top} is not ${max}`);
    });
    const step = quantized.lowered.program.steps.find(({ name }) => name === "a")!;
    assertEquals((step.attributes as { clamp?: number[] }).clamp ?? [0, 255], [0, 255]);
    assert(fidelity(quantized) > 30, `${max}: ${fidelity(quantized)} dB`);
  }
});

Deno.test("Channels behind functions that are not positively homogeneous keep one grid", async () => {
  const others: Activation[] = [
    { kind: "clip", min: -1, max: 65504 },
    { kind: "clip", min: 0.1, max: 6 },
    { kind: "hardSwish" },
    { kind: "sigmoid" },
    { kind: "silu" },
    { kind: "gelu" },
    { kind: "elu", alpha: 1 },
    { kind: "tanh" },
  ];
  for (const activation of others) assert(!hasFactors(await quantize(chain(activation), true)), activation.kind);
  const softmax = chain({ kind: "relu" }, [{ op: "softmax", inputs: ["a"], output: "b", axis: 3 } as Node]);
  assert(!hasFactors(await quantize(softmax, true)));
  const homogeneous: Activation[] = [
    { kind: "identity" },
    { kind: "relu" },
    { kind: "leakyRelu", alpha: 0.1 },
    { kind: "prelu" },
    { kind: "clip", min: 0, max: 65504 },
    { kind: "clip", min: -65504, max: 1e30 },
    { kind: "clip", min: 0, max: 6 },
  ];
  for (const activation of homogeneous) assert(hasFactors(await quantize(chain(activation), true)), activation.kind);
});

Deno.test("A value without factors may be joined with one that has some", async () => {
  const draw = random(32);
  const branch = (output: string, activation: Activation) =>
    convolution(draw, { input: "x", output }, [6, 3, 1, 1], { activation });
  const quantized = await quantize({
    inputs: { x: IMAGE },
    shapes: { a: WIDE, b: WIDE, both: [1, 4, 4, 12], y: WIDE },
    nodes: [
      branch("a", { kind: "hardSwish" }),
      branch("b", { kind: "relu" }),
      { op: "concat", inputs: ["a", "b"], output: "both", axis: 3 },
      convolution(draw, { input: "both", output: "y" }, [6, 12, 1, 1], { activation: { kind: "identity" } }),
    ],
  }, true);
  const factors = factorsOf(quantized, "both");
  assertEquals(factors.slice(0, 6), [1, 1, 1, 1, 1, 1]);
  assert(factors.slice(6).some((factor) => factor !== 1), `${factors}`);
  const ratio = fidelity(quantized);
  assert(ratio > 30, `${ratio} dB`);
});

Deno.test("A layer in float writes what the layer after it reads in units of factors", async () => {
  const quantized = await quantize(chain({ kind: "clip", min: 0, max: 6 }), true);
  const { graph, plan } = quantized;
  const lowered = lower(graph, { plan, forms: chooseForms(graph, new Set(["a"])) });
  assert(lowered.program.steps.some(({ kernel }) => kernel === "convolution_f32"));
  const ratio = fidelity({ ...quantized, lowered });
  assert(ratio > 30, `${ratio} dB`);
});

Deno.test("Histograms of channels depend neither on order nor on parts", () => {
  const draw = random(9);
  const spread = [1, 1e-6, 300, 0];
  const values = draw.f32(4 * 600, -1, 1).map((value, index) => value * spread[index % 4] * (index < 1200 ? 1 : 7));
  const histograms = (parts: Float32Array[]) => {
    const all = createChannelHistograms(4);
    for (const part of parts) {
      const one = createChannelHistograms(4);
      observeChannels(one, part);
      mergeChannelHistograms(all, one);
    }
    return all;
  };
  const whole = histograms([values]);
  const parts = [0, 1, 2, 3, 4, 5].map((part) => values.subarray(part * 400, (part + 1) * 400));
  const merged = histograms(parts);
  assertEquals(histograms(parts.toReversed()), merged);
  const { samples, secondMin, secondMax } = merged;
  assertEquals(merged, { ...whole, samples, secondMin, secondMax });
  assertEquals(samples, 6);
  const greatest = parts.map((part) => part.reduce((most, value, index) => index % 4 ? most : Math.max(most, value)));
  assertEquals(secondMax[0], greatest.toSorted((a, b) => b - a)[1]);
  assertEquals(whole.count, 600);
  assertEquals(whole.positive.subarray(3 * CHANNEL_BINS).reduce((sum, count) => sum + count, 0), 0);
});

/** The range that the best scale of each channel covers above zero, of values in samples of one size. */
function rangesOf(channels: number, values: Float32Array, samples: number): number[] {
  const histograms = createChannelHistograms(channels);
  const size = values.length / samples;
  for (let start = 0; start < values.length; start += size) {
    observeChannels(histograms, values.subarray(start, start + size));
  }
  return errorCurves(histograms, { anchor: 1 / 255, zeroPoint: 0, limit: Infinity }).map((errors) => {
    const best = errors.reduce((least, error, index) => error < errors[least] ? index : least, 0);
    return factorOf(best + LEAST_STEP);
  });
}

Deno.test("Few values of a channel are no evidence that there are none beyond them", () => {
  const exponential = (count: number, seed: number) =>
    random(seed).f32(count, 0, 0.9999).map((value) => -Math.log(1 - value));
  const few = exponential(64 * 16, 3);
  const ranges = rangesOf(64, few, 8);
  const unseen = exponential(64 * 4000, 4);
  const error = (range: number, values: Float32Array) =>
    values.reduce((sum, value) => sum + Math.max(0, value - range) ** 2 + (range / 255) ** 2 / 12, 0) / values.length;
  const mean = ranges.reduce((sum, range) => sum + error(range, unseen), 0) / 64;
  const clipped = [...Array(64).keys()].map((channel) => Math.max(...few.filter((_, index) => index % 64 === channel)));
  const blind = clipped.reduce((sum, range) => sum + error(range, unseen), 0) / 64;
  assert(mean < blind / 3, `${mean}, ${blind} with the greatest values seen`);
  const [many] = rangesOf(
    1,
    Float32Array.from({ length: 100000 }, (_, index) => (index * 7919 % 100000) / 100000),
    100,
  );
  assert(many > 0.9 && many < 1.2, `${many} for values up to 1`);
});

Deno.test("Where single samples make a channel speak up, others are expected to make it louder", () => {
  const spoken = (samples: number, seed: number) => {
    const draw = random(seed);
    return Float32Array.from({ length: samples * 64 * 49 }, (_, index) => {
      const sample = Math.floor(index / (64 * 49));
      const loud = ((sample * 64 + index % 64) * 2654435761 >>> 0) / 2 ** 32;
      return loud < 0.04 ? draw.unit() * (1 + 100 * loud) : 0;
    });
  };
  const seen = spoken(50, 7);
  const unseen = spoken(1000, 8).subarray(50 * 64 * 49);
  const error = (ranges: readonly number[]) =>
    unseen.reduce((sum, value, index) => {
      const range = ranges[index % 64];
      return sum + Math.max(0, value - range) ** 2 + (value > 0 ? (range / 255) ** 2 / 12 : 0);
    }, 0);
  const greatest = [...Array(64).keys()].map((channel) =>
    seen.reduce((most, value, index) => index % 64 === channel ? Math.max(most, value) : most, 1e-3)
  );
  const [told, blind] = [error(rangesOf(64, seen, 50)), error(greatest)];
  assert(told < blind / 4, `${told}, ${blind} with the greatest values seen`);
});

Deno.test("A channel that was always zero gets a grid like the others'", () => {
  const values = random(5).f32(3 * 500, 0, 4).map((value, index) => index % 3 === 1 ? 0 : value);
  const [one, dead, two] = rangesOf(3, values, 10);
  assert(dead > one / 2 && dead < 2 * two, `${dead} beside ${one} and ${two}`);
});

Deno.test("Channels that are added, joined or gated share their factor, others do not", () => {
  const links = linkChannels(makeGraph(network(5)));
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
