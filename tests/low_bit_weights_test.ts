import { layersOf } from "../calibrate/graph/layers.ts";
import { assert, assertEquals } from "@std/assert";
import type { ConvolutionNode } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { lowBitLayers } from "../calibrate/quantize/low_bit_layers.ts";
import { quantizeWeights, type WeightOptions } from "../calibrate/quantize/quantize_weights.ts";
import { qmseWeightScale, weightError } from "../calibrate/scales/weight_scale.ts";
import { laplace, normal, type Random, random, sample } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const INPUT = { scale: Math.fround(0.02), zeroPoint: 117 };

function convolution(draw: Random, channels: number, inputs: number, groups = 1): ConvolutionNode {
  return {
    op: "convolution",
    name: "middle",
    inputs: ["x"],
    output: "y",
    weights: sample(channels * inputs * 9, () => laplace(draw)),
    weightShape: [channels, inputs, 3, 3],
    bias: draw.f32(channels),
    stride: [1, 1],
    dilation: [1, 1],
    pads: [1, 1, 1, 1],
    groups,
    activation: { kind: "relu" },
  };
}

/** Squared error of a layer's weights, each times the importance of its input. */
function costOf(node: ConvolutionNode, options: WeightOptions, importance?: Float64Array): number {
  const { values, scales } = quantizeWeights(node, INPUT, options);
  const [channels, inputs] = node.weightShape;
  const depth = inputs * 9;
  return node.weights.reduce((sum, weight, index) => {
    const channel = Math.floor(index / depth);
    const input = Math.floor(channel * node.groups / channels) * inputs + Math.floor(index % depth / 9);
    return sum + (weight - values[index] * scales[channel]) ** 2 * (importance?.[input] ?? 1);
  }, 0);
}

Deno.test("Weights of 4 bits are levels of at most 7 times multipliers of at most 18, and nearest to the weights", () => {
  const draw = random(81);
  for (const granularity of ["per-channel", "per-tensor"] as const) {
    for (const method of ["qmse", "minmax"] as const) {
      for (const group of [4, 32, 64]) {
        const node = convolution(draw, 6, draw.integer(1, 20));
        const { values, scales, groups } = quantizeWeights(node, INPUT, { granularity, method, bits: 4, group });
        const [channels, inputs] = node.weightShape;
        const depth = inputs * 9;
        const perChannel = Math.ceil(depth / group);
        assertEquals(groups!.size, group);
        assertEquals(groups!.multipliers.length, channels * perChannel);
        for (const [index, value] of values.entries()) {
          const [channel, source] = [Math.floor(index / depth), index % depth];
          const k = source % 9 * inputs + Math.floor(source / 9);
          const multiplier = groups!.multipliers[channel * perChannel + Math.floor(k / group)];
          assert(multiplier >= 1 && multiplier <= 18);
          const level = value / multiplier;
          assert(Number.isInteger(level) && Math.abs(level) <= 7);
          const step = scales[channel] * multiplier;
          const inside = Math.min(7.5 * step, Math.max(-7.5 * step, node.weights[index]));
          assert(Math.abs(inside - level * step) <= step * 0.5000001, `weight ${index}`);
        }
        if (granularity === "per-tensor") assertEquals(new Set(scales).size, 1);
      }
    }
  }
});

Deno.test("Smaller groups have less error, and QMSE no more than min-max", () => {
  const draw = random(82);
  for (let round = 0; round < 5; round++) {
    const node = convolution(draw, 8, 32);
    const cost = (group: number, method: "qmse" | "minmax") =>
      costOf(node, { granularity: "per-channel", method, bits: 4, group });
    assert(cost(16, "qmse") < cost(64, "qmse"));
    assert(cost(64, "qmse") < cost(288, "qmse"));
    assert(cost(32, "qmse") < cost(32, "minmax"));
  }
});

Deno.test("Weights of 4 bits that are all zero, in part or as a whole, have scales above zero", () => {
  const draw = random(83);
  const node = convolution(draw, 4, 8);
  node.weights.fill(0, 72, 144);
  node.weights.fill(0, 0, 36);
  for (const weights of [node.weights, new Float32Array(4 * 72)]) {
    for (const granularity of ["per-channel", "per-tensor"] as const) {
      const options: WeightOptions = { granularity, method: "qmse", bits: 4, group: 32 };
      const { values, scales } = quantizeWeights({ ...node, weights }, INPUT, options);
      assert(scales.every((scale) => scale > 0 && Number.isFinite(scale)));
      assertEquals([...values.subarray(72, 144)], new Array(72).fill(0));
    }
  }
});

Deno.test("Every bias of a layer of 4 bits fits the accumulator", () => {
  const node = convolution(random(84), 4, 8);
  node.weights.forEach((weight, index) => node.weights[index] = weight * 1e-6);
  node.bias.fill(5000);
  const { scales } = quantizeWeights(node, INPUT, { granularity: "per-channel", method: "qmse", bits: 4, group: 32 });
  for (const scale of scales) assert(5000 / scale / INPUT.scale + 72 * 127 * 255 < 2 ** 31);
});

Deno.test("A scale chosen by importance has the least weighted error of all thresholds", () => {
  const draw = random(85);
  for (let round = 0; round < 20; round++) {
    const weights = sample(300, () => normal(draw));
    const importance = sample(300, () => draw.pick([0.01, 1, 30]));
    const range = { weights, importance, start: 50, end: 290 };
    for (const bits of [4, 8]) {
      const top = 2 ** (bits - 1) - 1;
      const least = weightError(range, qmseWeightScale(range, bits), top);
      const largest = weights.subarray(50, 290).reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
      for (let percent = 40; percent <= 100; percent++) {
        assert(least <= weightError(range, Math.fround(largest * (1 - (100 - percent) * 0.01) / top), top));
      }
    }
  }
});

Deno.test("Importance of the inputs lowers the error that it weighs, in every group of a layer", () => {
  const draw = random(86);
  for (const groups of [1, 3]) {
    for (const bits of [8, 4] as const) {
      const node = convolution(draw, 6, 24 / groups, groups);
      const importance = Float64Array.from({ length: 24 }, () => draw.pick([1e-4, 1, 100]));
      const options: WeightOptions = { granularity: "per-channel", method: "qmse", bits, group: 16 };
      const weighted = costOf(node, { ...options, inputImportance: importance }, importance);
      assert(weighted < costOf(node, options, importance), `${bits} bits, ${groups} groups`);
      const even = quantizeWeights(node, INPUT, { ...options, inputImportance: new Float64Array(24).fill(3) });
      assertEquals(even, quantizeWeights(node, INPUT, options));
    }
  }
});

Deno.test("The first layer and depthwise ones keep 8 bits", async () => {
  const folder = new URL("../examples/demo/", import.meta.url);
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", folder)), { name: "demo" });
  const low = lowBitLayers(graph);
  const layers = layersOf(graph);
  assert(!low.has(layers[0].output));
  for (const layer of layers.slice(1)) {
    assertEquals(low.has(layer.output), !(layer.op === "convolution" && layer.groups > 1), layer.name);
  }
  const { name: _, ...single } = convolution(random(87), 8, 3);
  assertEquals(
    lowBitLayers(makeGraph({ inputs: { x: [1, 4, 4, 3] }, shapes: { y: [1, 4, 4, 8] }, nodes: [single] })).size,
    0,
  );
});
