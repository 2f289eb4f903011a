import { assert, assertEquals, assertThrows } from "@std/assert";
import type { FullyConnectedNode } from "../calibrate/graph/graph.ts";
import type { WeightQuantization } from "../calibrate/plan.ts";
import { quantizeWeights, type WeightOptions } from "../calibrate/quantize/quantize_weights.ts";
import { LEAST_SCALE } from "../calibrate/scales/score.ts";
import {
  largestMagnitude,
  minMaxWeightScale,
  qmseWeightScale,
  weightError,
  type WeightRange,
} from "../calibrate/scales/weight_scale.ts";
import { laplace, normal, type Random, random, sample } from "./support/random.ts";

const INPUT = { scale: Math.fround(0.02), zeroPoint: 117 };
const LARGEST = 3.4028234663852886e38;
const OPTIONS: WeightOptions[] = (["per-channel", "per-tensor"] as const).flatMap((granularity) =>
  (["qmse", "minmax"] as const).map((method) => ({ granularity, method }))
);
const PER_CHANNEL: WeightOptions = { granularity: "per-channel", method: "qmse" };

function all(weights: Float32Array): WeightRange {
  return { weights, start: 0, end: weights.length };
}

/** Weights as layers have them: normal, heavy-tailed, with an outlier, of few distinct values, few. */
function weightSets(draw: Random): Record<string, Float32Array> {
  const outlier = sample(700, () => normal(draw));
  outlier[13] = 30;
  return {
    normal: sample(1000, () => normal(draw)),
    laplace: sample(1000, () => 0.01 * laplace(draw)),
    outlier,
    ternary: sample(300, () => draw.pick([-0.3, 0, 0.3])),
    depthwise: sample(9, () => normal(draw)),
    single: Float32Array.of(-0.7),
  };
}

function layer(
  weights: Float32Array,
  channels: number,
  bias: Float32Array = new Float32Array(channels),
): FullyConnectedNode {
  return {
    op: "fullyConnected",
    name: "head",
    inputs: ["x"],
    output: "y",
    weights,
    weightShape: [channels, weights.length / channels],
    bias,
    activation: { kind: "identity" },
  };
}

/** A layer whose channels differ in size by factors of up to 2^10. */
function unevenLayer(draw: Random, channels = 8, depth = 50): FullyConnectedNode {
  const sizes = Array.from({ length: channels }, () => 2 ** draw.integer(-10, 0));
  const weights = Float32Array.from(
    { length: channels * depth },
    (_, index) => normal(draw) * sizes[Math.floor(index / depth)],
  );
  return layer(weights, channels, draw.f32(channels, -3, 3));
}

function squaredError({ weights, weightShape }: FullyConnectedNode, { values, scales }: WeightQuantization): number {
  const depth = weights.length / weightShape[0];
  return weights.reduce(
    (sum, weight, index) => sum + (weight - values[index] * scales[Math.floor(index / depth)]) ** 2,
    0,
  );
}

Deno.test("The QMSE scale never has more error than the min-max scale, and less on heavy tails", () => {
  const draw = random(401);
  for (const [name, weights] of Object.entries(weightSets(draw))) {
    for (let bits = 2; bits <= 8; bits++) {
      const top = 2 ** (bits - 1) - 1;
      const range = all(weights);
      const chosen = weightError(range, qmseWeightScale(range, bits), top);
      const widest = weightError(range, minMaxWeightScale(range, bits), top);
      assert(chosen <= widest, `${name} at ${bits} bits`);
      if (name === "laplace" && bits <= 6) assert(chosen < 0.95 * widest, `${bits} bits: ${chosen} against ${widest}`);
    }
  }
});

Deno.test("One bit more never gives weights more error", () => {
  const draw = random(402);
  for (let round = 0; round < 10; round++) {
    for (const [name, weights] of Object.entries(weightSets(draw))) {
      let before = Infinity;
      for (let bits = 2; bits <= 8; bits++) {
        const error = weightError(all(weights), qmseWeightScale(all(weights), bits), 2 ** (bits - 1) - 1);
        assert(error <= before, `${name}: ${error} at ${bits} bits, ${before} at one less`);
        before = error;
      }
    }
  }
});

Deno.test("Weights times a power of two have the same scale times that power, and negated ones the same scale", () => {
  for (const [name, weights] of Object.entries(weightSets(random(403)))) {
    for (const bits of [4, 8]) {
      const scale = qmseWeightScale(all(weights), bits);
      assertEquals(qmseWeightScale(all(weights.map((weight) => -weight)), bits), scale, name);
      for (const power of [-60, -1, 5, 80]) {
        const scaled = all(weights.map((weight) => weight * 2 ** power));
        assertEquals(qmseWeightScale(scaled, bits), scale * 2 ** power, `${name} 2^${power}`);
        assertEquals(minMaxWeightScale(scaled, bits), minMaxWeightScale(all(weights), bits) * 2 ** power);
      }
    }
  }
});

Deno.test("A range takes only its own weights into account", () => {
  const draw = random(404);
  const weights = draw.f32(100);
  const part = weights.slice(20, 50);
  const range = { weights, start: 20, end: 50 };
  assertEquals(largestMagnitude(range), largestMagnitude(all(part)));
  assertEquals(qmseWeightScale(range), qmseWeightScale(all(part)));
  assertEquals(weightError(range, 0.01, 127), weightError(all(part), 0.01, 127));
});

Deno.test("A candidate of less error is taken, one of more is not", () => {
  const weights = sample(400, () => 0.1);
  weights[0] = 0.3137;
  const range = all(weights);
  const without = qmseWeightScale(range, 2);
  // Every weight becomes one step, so the optimum is the mean magnitude.
  const candidate = Math.fround((399 * 0.1 + 0.3137) / 400);
  assertEquals(qmseWeightScale(range, 2, [candidate]), candidate);
  assertEquals(qmseWeightScale(range, 2, [5]), without);
  assert(without !== candidate);
});

Deno.test("Zero, single, denormal and largest weights have a positive finite scale", () => {
  const lists = [[0], [0, -0], [3], [-1e-20], [2 ** -149], [2 ** -149, -(2 ** -130)], [1.3 * 2 ** -96], [LARGEST, -1]];
  for (const weights of lists.map((list) => Float32Array.from(list))) {
    for (let bits = 2; bits <= 8; bits++) {
      for (const scale of [minMaxWeightScale(all(weights), bits), qmseWeightScale(all(weights), bits)]) {
        assert(scale >= LEAST_SCALE && Number.isFinite(scale), `${weights} at ${bits} bits: ${scale}`);
        assertEquals(Math.fround(scale), scale);
      }
    }
    for (const options of OPTIONS) {
      const { values, scales } = quantizeWeights(layer(weights, 1), INPUT, options);
      assert(scales[0] >= LEAST_SCALE && Number.isFinite(scales[0]));
      weights.forEach((weight, index) => {
        const result = values[index] * scales[0];
        assert(Math.abs(result - weight) <= Math.max(scales[0] / 2 * 1.000001, 1e-6 * Math.abs(weight)), `${weights}`);
      });
    }
  }
});

Deno.test("Quantised weights are at most 127 and the nearest step of their weight", () => {
  const draw = random(405);
  for (const options of OPTIONS) {
    for (let round = 0; round < 10; round++) {
      const node = unevenLayer(draw);
      const { values, scales } = quantizeWeights(node, INPUT, options);
      const depth = node.weightShape[1];
      assertEquals([values.length, scales.length], [node.weights.length, node.weightShape[0]]);
      if (options.granularity === "per-tensor") assertEquals(new Set(scales).size, 1);
      node.weights.forEach((weight, index) => {
        const scale = scales[Math.floor(index / depth)];
        const end = Math.sign(weight) * 127;
        assert(Math.abs(values[index]) <= 127);
        if (Math.abs(weight) > 127 * scale) assertEquals(values[index], end);
        else assert(Math.abs(values[index] * scale - weight) <= scale / 2 * (1 + 1e-9));
      });
    }
  }
});

Deno.test("Scales per channel never have more error in total than one scale", () => {
  const draw = random(406);
  for (let round = 0; round < 20; round++) {
    const node = unevenLayer(draw);
    if (round % 4 === 0) node.weights.fill(0, 0, 50);
    if (round % 4 === 1) node.weights.forEach((_, index) => index < 50 && (node.weights[index] *= 1e-7));
    for (const method of ["qmse", "minmax"] as const) {
      const perChannel = squaredError(node, quantizeWeights(node, INPUT, { granularity: "per-channel", method }));
      const perTensor = squaredError(node, quantizeWeights(node, INPUT, { granularity: "per-tensor", method }));
      if (method === "qmse") assert(perChannel <= perTensor, `${perChannel} against ${perTensor}`);
      else assert(perChannel < 1.05 * perTensor);
    }
  }
});

Deno.test("A channel takes the layer's scale where that has less error than any of its own", () => {
  const weights = new Float32Array(2 * 255);
  for (let k = -127; k <= 127; k++) {
    weights[k + 127] = k / 100;
    weights[k + 127 + 255] = k % 102 / 100;
  }
  const { scales } = quantizeWeights(layer(weights, 2), INPUT, PER_CHANNEL);
  assertEquals(scales, new Float32Array(2).fill(0.01));
});

Deno.test("A channel of zeros leaves the scales of the others as they are", () => {
  const draw = random(407);
  for (const options of OPTIONS) {
    const small = sample(200, () => 1e-4 * normal(draw));
    const alone = quantizeWeights(layer(small, 4), INPUT, options);
    const weights = new Float32Array(250);
    weights.set(small);
    const together = quantizeWeights(layer(weights, 5), INPUT, options);
    assertEquals(together.scales.slice(0, 4), alone.scales);
    assertEquals(together.values.slice(0, 200), alone.values);
    assert(together.scales[4] <= Math.max(...alone.scales));
    assert(together.values.slice(200).every((value) => value === 0));
  }
});

Deno.test("A nearly dead channel has at least 2^-12 of the layer's largest scale", () => {
  const draw = random(408);
  const weights = sample(100, () => normal(draw));
  weights.forEach((_, index) => index >= 50 && (weights[index] *= 1e-9));
  const { scales } = quantizeWeights(layer(weights, 2), INPUT, PER_CHANNEL);
  assertEquals(scales[1], scales[0] * 2 ** -12);
});

Deno.test("Every bias fits the accumulator, and raising a scale for one leaves the other channels alone", () => {
  const draw = random(409);
  const limit = 2 ** 31;
  let raised = 0;
  for (let round = 0; round < 30; round++) {
    const node = unevenLayer(draw, 6, draw.pick([9, 576, 4608, 20000]));
    const input = { scale: Math.fround(2 ** draw.integer(-20, 0)), zeroPoint: draw.integer(0, 255) };
    const options = draw.pick(OPTIONS);
    const before = quantizeWeights({ ...node, bias: new Float32Array(6) }, input, options);
    const channel = draw.integer(0, 5);
    const bias = node.bias.map(() => draw.float(-1, 1) * input.scale);
    bias[channel] = draw.float(-1e7, 1e7);
    const after = quantizeWeights({ ...node, bias }, input, options);
    const depth = node.weightShape[1];
    bias.forEach((value, index) => {
      const integer = Math.round(value / (input.scale * after.scales[index]));
      assert(Math.abs(integer) + depth * 127 * 255 < limit, `round ${round}: ${integer}`);
      if (index === channel) return;
      assertEquals(after.scales[index], before.scales[index]);
      const own = [index * depth, (index + 1) * depth];
      assertEquals(after.values.slice(...own), before.values.slice(...own));
    });
    if (after.scales[channel] > before.scales[channel]) raised++;
    else assertEquals(after, before);
  }
  assert(raised > 5 && raised < 30, `${raised}`);
});

Deno.test("A layer that sums more products than int32 holds is refused by name", () => {
  const weights = new Float32Array(66400).fill(0.5);
  assertThrows(() => quantizeWeights(layer(weights, 1), INPUT, PER_CHANNEL), RangeError, `"head" sums 66400 products`);
  const { values } = quantizeWeights(layer(weights.subarray(0, 66300), 1), INPUT, PER_CHANNEL);
  assert(values.every((value) => value === values[0] && value > 0));
});

Deno.test("A weight or bias that is not finite is refused by name", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    for (const options of OPTIONS) {
      const weights = Float32Array.of(1, 2, value, 4);
      const message = `"head" has a weight that is ${value} at index 2`;
      assertThrows(() => quantizeWeights(layer(weights, 2), INPUT, options), RangeError, message);
      const node = layer(Float32Array.of(1, 2), 2, Float32Array.of(0, value));
      assertThrows(() => quantizeWeights(node, INPUT, options), RangeError, `"head" has a bias that is ${value}`);
    }
  }
});
