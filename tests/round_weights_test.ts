import { assert, assertEquals } from "@std/assert";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import type { FullyConnectedNode } from "../calibrate/graph/graph.ts";
import { type Gram, mergeGram, sumInputs } from "../calibrate/observe/gram.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { quantizeWeights } from "../calibrate/quantize/quantize_weights.ts";
import { changeTowardsFloat } from "../calibrate/quantize/float_targets.ts";
import type { WeightQuantization } from "../calibrate/plan.ts";
import { type ErrorCost, errorCost, roundWeights } from "../calibrate/quantize/round_weights.ts";
import { normal, type Random, random, sample } from "./support/random.ts";

const INPUT = { scale: Math.fround(0.02), zeroPoint: 0 };
const CHANNELS = 6;
const DEPTH = 40;

function layer(draw: Random): FullyConnectedNode {
  return {
    op: "fullyConnected",
    name: "head",
    inputs: ["x"],
    output: "y",
    weights: sample(CHANNELS * DEPTH, () => normal(draw)),
    weightShape: [CHANNELS, DEPTH],
    bias: new Float32Array(CHANNELS),
    activation: { kind: "identity" },
  };
}

/** Sums over random inputs, each of which has something of the one before it. */
function gramOf(draw: Random, share: number) {
  const gram = { count: 0, sums: new Float64Array(DEPTH), products: new Float64Array(DEPTH * DEPTH) };
  for (let row = 0; row < 300; row++) {
    const inputs = Array.from({ length: DEPTH }, () => draw.integer(0, 60));
    for (let k = 1; k < DEPTH; k++) inputs[k] = Math.min(255, Math.round(inputs[k] + share * inputs[k - 1]));
    gram.count++;
    for (let a = 0; a < DEPTH; a++) {
      gram.sums[a] += inputs[a];
      for (let b = 0; b < DEPTH; b++) gram.products[a * DEPTH + b] += inputs[a] * inputs[b];
    }
  }
  return gram;
}

/** e^T H e of a channel's weights. */
function costOf(node: FullyConnectedNode, { values, scales }: WeightQuantization, cost: ErrorCost, channel: number) {
  const { order, products } = cost;
  const errors = Array.from(order, (k) => {
    const index = channel * DEPTH + k;
    return node.weights[index] - values[index] * scales[channel];
  });
  let sum = 0;
  for (let a = 0; a < DEPTH; a++) {
    for (let b = 0; b < DEPTH; b++) sum += errors[a] * errors[b] * products[a * DEPTH + b];
  }
  return sum;
}

Deno.test("GPTQ never costs more than rounding to the nearest level, and no other level of one weight costs less", () => {
  const draw = random(91);
  for (const bits of [4, 8] as const) {
    for (const centred of [0, 0.4, 1]) {
      const node = layer(draw);
      const cost = errorCost(gramOf(draw, 0.7), centred);
      const nearest = quantizeWeights(node, INPUT, { granularity: "per-channel", method: "qmse", bits, group: 16 });
      const rounded = { ...nearest, values: roundWeights(node, nearest, [cost]) };
      for (let channel = 0; channel < CHANNELS; channel++) {
        const least = costOf(node, rounded, cost, channel);
        assert(least <= costOf(node, nearest, cost, channel), `channel ${channel} at ${bits} bits`);
        for (let k = 0; k < DEPTH; k++) {
          const index = channel * DEPTH + k;
          const multiplier = nearest.groups ? nearest.groups.multipliers[channel * 3 + Math.floor(k / 16)] : 1;
          const top = nearest.groups ? 7 : 127;
          for (const step of [-1, 1]) {
            const value = rounded.values[index] + step * multiplier;
            if (Math.abs(value / multiplier) > top) continue;
            const values = rounded.values.slice();
            values[index] = value;
            assert(costOf(node, { ...rounded, values }, cost, channel) >= least * (1 - 1e-12));
          }
        }
      }
    }
  }
});

Deno.test("Where inputs have nothing to do with each other, GPTQ rounds to the nearest level", () => {
  const draw = random(92);
  const gram = { count: 10, sums: new Float64Array(DEPTH), products: new Float64Array(DEPTH * DEPTH) };
  for (let k = 0; k < DEPTH; k++) gram.products[k * DEPTH + k] = draw.integer(0, 1000);
  const silent = { ...gram, products: new Float64Array(DEPTH * DEPTH) };
  for (const inputs of [gram, silent]) {
    for (const bits of [4, 8] as const) {
      const node = layer(draw);
      const nearest = quantizeWeights(node, INPUT, { granularity: "per-channel", method: "qmse", bits, group: 16 });
      assertEquals(roundWeights(node, nearest, [errorCost(inputs, 1)]), nearest.values);
    }
  }
});

Deno.test("Sums of products of inputs are exact, in any split of the samples", () => {
  const draw = random(93);
  const geometry = {
    input: [1, 7, 6, 4],
    output: [1, 4, 3, 6],
    kernel: [3, 3],
    stride: [2, 2],
    dilation: [1, 1],
    pads: [1, 1],
    groups: 2,
  };
  const samples = Array.from({ length: 5 }, () => draw.u8(7 * 6 * 4));
  const sumOf = (list: Uint8Array[]) => {
    const sums = sumInputs(geometry, 12);
    for (const values of list) sums.add({ values, zeroPoint: 9 });
    return sums.finish();
  };
  const whole = sumOf(samples);
  const parts = sumOf(samples.slice(3));
  sumOf(samples.slice(0, 3)).forEach((gram, group) => mergeGram(parts[group], gram));
  assertEquals(parts, whole);

  for (let group = 0; group < 2; group++) {
    const expected = new Float64Array(18 * 18);
    for (const values of samples) {
      for (let position = 0; position < 12; position++) {
        const [y, x] = [Math.floor(position / 3) * 2 - 1, position % 3 * 2 - 1];
        const inputs = Array.from({ length: 18 }, (_, k) => {
          const [iy, ix] = [y + Math.floor(k / 6), x + Math.floor(k / 2) % 3];
          const inside = iy >= 0 && ix >= 0 && iy < 7 && ix < 6;
          return inside ? values[(iy * 6 + ix) * 4 + group * 2 + k % 2] - 9 : 0;
        });
        for (let a = 0; a < 18; a++) for (let b = 0; b < 18; b++) expected[a * 18 + b] += inputs[a] * inputs[b];
      }
    }
    assertEquals(whole[group].products, expected);
    assertEquals(whole[group].count, 60);
  }
});

Deno.test("Inputs of the greatest magnitude are summed exactly", () => {
  const geometry = {
    input: [1, 20, 20, 2],
    output: [1, 20, 20, 2],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0],
    groups: 1,
  };
  const sums = sumInputs(geometry, 400);
  sums.add({ values: new Uint8Array(800).fill(255), zeroPoint: 0 });
  assertEquals(sums.finish()[0].products, new Float64Array(4).fill(400 * 255 * 255));
});

Deno.test("Sums of depthwise layers are those of each of their channels alone", () => {
  const draw = random(94);
  const geometry = (channels: number) => ({
    input: [1, 6, 5, channels],
    output: [1, 3, 5, channels],
    kernel: [3, 3],
    stride: [2, 1],
    dilation: [1, 1],
    pads: [1, 1],
    groups: channels,
  });
  const together = sumInputs(geometry(3), 9);
  const alone = Array.from({ length: 3 }, () => sumInputs({ ...geometry(1), groups: 1, input: [1, 6, 5, 1] }, 9));
  for (let number = 0; number < 4; number++) {
    const values = draw.u8(90);
    const floats = Float32Array.from(values, (value) => value - 12 + normal(draw));
    together.add({ values, zeroPoint: 12, floats: { values: floats, stepsPerUnit: new Float64Array(4).fill(1) } });
    alone.forEach((sums, channel) => {
      const own = <T extends Uint8Array | Float32Array>(all: T) => all.filter((_, index) => index % 3 === channel) as T;
      sums.add({
        values: own(values),
        zeroPoint: 12,
        floats: { values: own(floats), stepsPerUnit: Float64Array.of(1) },
      });
    });
  }
  assertEquals(together.finish(), alone.flatMap((sums) => sums.finish()));
});

/** Sums of a layer's inputs, of which the float network has `gain` times what is there, with noise. */
function partsOf(draw: Random, { groups, gain, noise }: { groups: number; gain: number; noise: number }) {
  const geometry = {
    input: [1, 6, 6, 4],
    output: [1, 6, 6, 4],
    kernel: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    pads: [1, 1],
    groups,
  };
  const sums = [sumInputs(geometry, 36), sumInputs(geometry, 36)] as const;
  for (let number = 0; number < 60; number++) {
    const values = draw.u8(6 * 6 * 4);
    const floats = Float32Array.from(values, (value) => (value - 9) * gain + noise * normal(draw));
    sums[number % 2].add({
      values,
      zeroPoint: 9,
      floats: { values: floats, stepsPerUnit: new Float64Array(4).fill(1) },
    });
  }
  return [sums[0].finish(), sums[1].finish()] as const;
}

/** The change of weights towards what the float network has. */
function changeOf(
  parts: readonly [Gram[], Gram[]],
  weights: Float64Array,
  channels: readonly [number, number] = [0, 4],
) {
  const grams = parts[0].map((gram, group) => {
    const sum = structuredClone(gram);
    mergeGram(sum, parts[1][group]);
    return sum;
  });
  const costs = grams.map((gram) => errorCost(gram, 1));
  return changeTowardsFloat({ parts, grams, costs, centred: 1 }, { weights, channels: 4 }, channels);
}

Deno.test("Weights make up for inputs that are all too small, less the ridge, in each part of the channels alike", () => {
  const draw = random(95);
  for (const groups of [1, 2, 4]) {
    const parts = partsOf(draw, { groups, gain: 1.1, noise: 0 });
    const weights = Float64Array.from({ length: 4 * 36 / groups }, () => normal(draw));
    const change = changeOf(parts, weights);
    const share = change.reduce((sum, value, index) => sum + value * weights[index], 0) /
      weights.reduce((sum, value) => sum + value * value, 0);
    assert(share > 0.08 && share < 0.1, `${share} with ${groups} groups`);
    const half = change.length / 2;
    assertEquals(changeOf(parts, weights, [0, 2]), change.slice(0, half));
    assertEquals(changeOf(parts, weights, [2, 4]), change.slice(half));
  }
});

Deno.test("Weights hardly follow errors of inputs that tell nothing of other samples", () => {
  const draw = random(96);
  for (const groups of [1, 4]) {
    const parts = partsOf(draw, { groups, gain: 1, noise: 3 });
    const weights = Float64Array.from({ length: 4 * 36 / groups }, () => normal(draw));
    const change = changeOf(parts, weights);
    const share = Math.hypot(...change) / Math.hypot(...weights);
    assert(share < 0.005, `${share} with ${groups} groups`);
  }
});

Deno.test("At 4 bits, GPTQ raises the fidelity of a network, and two workers give the same bundle", async () => {
  const folder = new URL("../examples/demo/", import.meta.url);
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", folder)), { name: "demo" });
  const options: CalibrationOptions = {
    data: decodeURIComponent(new URL("calibration_images.npy", folder).pathname),
    preprocessing: { resize: 48, crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    samples: 24,
    weightBits: 4,
  };
  const sqnrOf = ({ report }: Awaited<ReturnType<typeof calibrate>>) => report.layers.at(-1)!.sqnrAfter!;
  const best = await calibrate(graph, options);
  const alone = sqnrOf(best);
  const nearest = sqnrOf(await calibrate(graph, { ...options, rounding: "nearest" }));
  assert(alone > nearest + 2, `${alone} dB, ${nearest} dB by the nearest levels`);
  assertEquals((await calibrate(graph, { ...options, threads: 2 })).bundle, best.bundle);
});
