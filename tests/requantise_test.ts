import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { clampOf, requantise, sumOf } from "../calibrate/lower/requantise.ts";
import type { LayerCorrection, ValueQuantization, WeightQuantization } from "../calibrate/plan.ts";
import { convolutionU8 } from "../kernels/reference/convolution.ts";
import type { Activation } from "../runtime/activation.ts";
import { type Random, random } from "./support/random.ts";

const DEPTH = 24;
const CHANNELS = 5;
const ROWS = 12;
const GEOMETRY = {
  batch: 1,
  inputHeight: ROWS,
  inputWidth: 1,
  inputChannels: DEPTH,
  outputHeight: ROWS,
  outputWidth: 1,
  outputChannels: CHANNELS,
  kernelHeight: 1,
  kernelWidth: 1,
  strideHeight: 1,
  strideWidth: 1,
  dilationHeight: 1,
  dilationWidth: 1,
  padTop: 0,
  padLeft: 0,
  groups: 1,
};

interface Layer {
  weights: WeightQuantization;
  correction: LayerCorrection;
  input: ValueQuantization;
  values: Uint8Array;
}

function randomLayer(draw: Random): Layer {
  return {
    weights: { values: draw.i8(DEPTH * CHANNELS), scales: draw.f32(CHANNELS, 0.001, 0.01) },
    correction: {
      gain: Float64Array.from({ length: CHANNELS }, () => draw.float(0.5, 2)),
      bias: Float64Array.from({ length: CHANNELS }, () => draw.float(-3, 3)),
    },
    input: { scale: draw.float(0.001, 0.02), zeroPoint: draw.pick([0, 255, draw.integer(1, 254)]) },
    values: draw.u8(DEPTH * ROWS),
  };
}

/** gain x sum of real products + bias of every row and channel. */
function affine({ weights, correction, input, values }: Layer): number[] {
  return Array.from({ length: ROWS * CHANNELS }, (_, index) => {
    const channel = index % CHANNELS;
    const row = Math.floor(index / CHANNELS);
    let sum = 0;
    for (let k = 0; k < DEPTH; k++) {
      const x = input.scale * (values[row * DEPTH + k] - input.zeroPoint);
      sum += x * weights.scales[channel] * weights.values[channel * DEPTH + k];
    }
    return correction.gain[channel] * sum + correction.bias[channel];
  });
}

/** The layer by the kernels' arithmetic, with what `requantise` and `clampOf` give. */
function runInteger(layer: Layer, activation: Activation, quantization?: ValueQuantization): Uint8Array | Float32Array {
  const { bias, multiplier, outputScale } = requantise(layer.weights, layer.correction, layer.input, {
    name: "layer",
    activation: activation.kind,
    quantization,
  });
  const clamped = quantization !== undefined && ["relu", "clip"].includes(activation.kind);
  const [clampLow, clampHigh] = quantization ? clampOf(activation, quantization) : [0, 255];
  return convolutionU8(layer.values, { weights: layer.weights.values, bias, multiplier }, {
    ...GEOMETRY,
    activation: clamped ? "identity" : activation.kind,
    activationA: "alpha" in activation ? activation.alpha : activation.kind === "clip" ? activation.min : 0,
    activationB: activation.kind === "clip" ? activation.max : 0,
    outputType: quantization ? "u8" : "f32",
    outputZeroPoint: quantization?.zeroPoint ?? 0,
    clampLow,
    clampHigh,
    outputScale,
    inputZeroPoint: layer.input.zeroPoint,
  });
}

const ACTIVATIONS: [Activation, (x: number) => number][] = [
  [{ kind: "identity" }, (x) => x],
  [{ kind: "relu" }, (x) => Math.max(0, x)],
  [{ kind: "clip", min: 0, max: 6 }, (x) => Math.min(6, Math.max(0, x))],
  [{ kind: "clip", min: -1, max: 1 }, (x) => Math.min(1, Math.max(-1, x))],
  [{ kind: "leakyRelu", alpha: 0.125 }, (x) => x < 0 ? x / 8 : x],
  [{ kind: "silu" }, (x) => x / (1 + Math.exp(-x))],
  [{ kind: "hardSwish" }, (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))],
  [{ kind: "tanh" }, Math.tanh],
];

/** Half a unit of the accumulator, which the bias is rounded to, and the float32 steps after it. */
function tolerance({ weights, correction, input }: Layer, index: number, value: number): number {
  const channel = index % CHANNELS;
  return input.scale * weights.scales[channel] * correction.gain[channel] / 2 + 1e-5 * (1 + Math.abs(value));
}

Deno.test("Folded integers reproduce the real affine map and activation to half a step in 8 bits", () => {
  const draw = random(501);
  for (const [activation, apply] of ACTIVATIONS) {
    for (let round = 0; round < 15; round++) {
      const layer = randomLayer(draw);
      const output = { scale: draw.float(0.005, 0.06), zeroPoint: draw.pick([0, draw.integer(1, 255)]) };
      const result = runInteger(layer, activation, output);
      const low = -output.zeroPoint * output.scale;
      const high = (255 - output.zeroPoint) * output.scale;
      affine(layer).forEach((real, index) => {
        const expected = Math.min(high, Math.max(low, apply(real)));
        // No activation here is steeper than hardSwish, 1.5. Clip bounds are themselves rounded to a step.
        const bound = output.scale / 2 + 1.5 * tolerance(layer, index, real);
        assertAlmostEquals((result[index] - output.zeroPoint) * output.scale, expected, bound, activation.kind);
      });
    }
  }
});

Deno.test("Folded integers reproduce the real affine map and activation in float32", () => {
  const draw = random(502);
  for (const [activation, apply] of ACTIVATIONS) {
    for (let round = 0; round < 15; round++) {
      const layer = randomLayer(draw);
      const result = runInteger(layer, activation);
      assert(result instanceof Float32Array);
      affine(layer).forEach((real, index) => {
        assertAlmostEquals(result[index], apply(real), 1.5 * tolerance(layer, index, real), activation.kind);
      });
    }
  }
});

Deno.test("An input of zeros gives the bias, whatever its zero point and the weights", () => {
  const draw = random(503);
  for (const zeroPoint of [0, 1, 128, 255]) {
    const layer = randomLayer(draw);
    layer.input.zeroPoint = zeroPoint;
    layer.values.fill(zeroPoint);
    runInteger(layer, { kind: "identity" }).forEach((value, index) => {
      const bias = layer.correction.bias[index % CHANNELS];
      assertAlmostEquals(value, bias, tolerance(layer, index, bias));
    });
  }
});

Deno.test("A gain changes neither weights nor the zero point's part of the bias", () => {
  const draw = random(504);
  const layer = randomLayer(draw);
  const before = layer.weights.values.slice();
  const output = { name: "layer", activation: "identity", quantization: undefined } as const;
  const bias = new Float64Array(CHANNELS);
  const plain = requantise(layer.weights, { bias, gain: new Float64Array(CHANNELS).fill(1) }, layer.input, output);
  const doubled = requantise(layer.weights, { bias, gain: new Float64Array(CHANNELS).fill(2) }, layer.input, output);
  assertEquals(layer.weights.values, before);
  assertEquals(doubled.bias, plain.bias);
  assertEquals(doubled.multiplier, plain.multiplier.map((value) => value * 2));
  const sums = Int32Array.from(plain.bias, (_, channel) => sumOf(before, channel * DEPTH, DEPTH));
  assertEquals(plain.bias, sums.map((sum) => -layer.input.zeroPoint * sum));
});

Deno.test("A bias that an int32 accumulator has no room for is refused", () => {
  const layer = randomLayer(random(505));
  const output = { name: "layer", activation: "identity", quantization: undefined } as const;
  const unit = layer.input.scale * layer.weights.scales[3] * layer.correction.gain[3];
  const room = 2 ** 31 - DEPTH * 127 * 255;
  layer.correction.bias[3] = unit * (room - 1000);
  const { bias } = requantise(layer.weights, layer.correction, layer.input, output);
  const offset = layer.input.zeroPoint * sumOf(layer.weights.values, 3 * DEPTH, DEPTH);
  assertAlmostEquals(bias[3], room - 1000 - offset, 1);
  for (const value of [unit * (room + 1000), -unit * 2 ** 33, NaN, Infinity]) {
    layer.correction.bias[3] = value;
    const message = `Layer "layer": bias ${value} of output channel 3 is`;
    assertThrows(() => requantise(layer.weights, layer.correction, layer.input, output), RangeError, message);
  }
});

Deno.test("The clamp of an activation is its bounds in steps", () => {
  const quantization = { scale: Math.fround(0.1), zeroPoint: 20 };
  assertEquals(clampOf({ kind: "identity" }, quantization), [0, 255]);
  assertEquals(clampOf({ kind: "silu" }, quantization), [0, 255]);
  assertEquals(clampOf({ kind: "relu" }, quantization), [20, 255]);
  assertEquals(clampOf({ kind: "clip", min: 0, max: 6 }, quantization), [20, 80]);
  assertEquals(clampOf({ kind: "clip", min: -1, max: 1 }, quantization), [10, 30]);
  assertEquals(clampOf({ kind: "clip", min: -100, max: 100 }, quantization), [0, 255]);
  assertEquals(clampOf({ kind: "clip", min: -Infinity, max: Infinity }, quantization), [0, 255]);
});
