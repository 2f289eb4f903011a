import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  createMoments,
  errorOf,
  type JointMoments,
  measureMoments,
  mergeMoments,
} from "../calibrate/observe/moments.ts";
import { normal, type Random, random, sample } from "./support/random.ts";

const CHANNELS = 5;

/** A float tensor and a distorted copy, [positions, CHANNELS], with means far from zero. */
function pair(positions: number, draw: Random): { floats: Float32Array; quantized: Float32Array } {
  const floats = sample(positions * CHANNELS, () => normal(draw));
  const quantized = new Float32Array(floats.length);
  for (let index = 0; index < floats.length; index++) {
    const channel = index % CHANNELS;
    floats[index] = floats[index] * (channel + 0.5) + 20 * channel;
    quantized[index] = floats[index] * 0.9 + 0.3 * normal(draw) - channel;
  }
  return { floats, quantized };
}

function assertClose(actual: JointMoments, expected: JointMoments, tolerance: number): void {
  assertEquals(actual.count, expected.count);
  for (const field of ["floatMean", "quantizedMean", "floatSquares", "quantizedSquares", "products"] as const) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      const bound = tolerance * Math.max(1, Math.abs(expected[field][channel]));
      assertAlmostEquals(actual[field][channel], expected[field][channel], bound, `${field}[${channel}]`);
    }
  }
}

Deno.test("Moments merged from parts of uneven size equal those of one pass", () => {
  const draw = random(201);
  for (let round = 0; round < 20; round++) {
    const positions = draw.integer(3, 500);
    const { floats, quantized } = pair(positions, draw);
    const whole = measureMoments(floats, quantized, CHANNELS);
    const merged = createMoments(CHANNELS);
    for (let start = 0; start < positions;) {
      const end = Math.min(positions, start + draw.integer(1, 60));
      const part = [start * CHANNELS, end * CHANNELS] as const;
      mergeMoments(merged, measureMoments(floats.subarray(...part), quantized.subarray(...part), CHANNELS));
      start = end;
    }
    assertClose(merged, whole, 1e-10);
  }
});

Deno.test("Merging moments of no pairs changes nothing", () => {
  const { floats, quantized } = pair(50, random(202));
  const moments = measureMoments(floats, quantized, CHANNELS);
  const before = structuredClone(moments);
  mergeMoments(moments, createMoments(CHANNELS));
  assertEquals(moments, before);
  const empty = createMoments(CHANNELS);
  mergeMoments(empty, createMoments(CHANNELS));
  assertEquals(empty, createMoments(CHANNELS));
  mergeMoments(empty, before);
  assertEquals(empty, before);
});

Deno.test("The error of a gain and bias from moments equals that computed from the values", () => {
  const draw = random(203);
  const { floats, quantized } = pair(400, draw);
  const moments = measureMoments(floats, quantized, CHANNELS);
  for (let round = 0; round < 20; round++) {
    const gain = draw.float(0.5, 2);
    const bias = draw.float(-3, 3);
    for (let channel = 0; channel < CHANNELS; channel++) {
      let sum = 0;
      for (let index = channel; index < floats.length; index += CHANNELS) {
        sum += (gain * quantized[index] + bias - floats[index]) ** 2;
      }
      const expected = sum / moments.count;
      assertAlmostEquals(errorOf(moments, channel, gain, bias), expected, 1e-10 * Math.max(1, expected));
    }
  }
});

Deno.test("The least-squares gain and bias from moments cannot be improved on", () => {
  const draw = random(204);
  const { floats, quantized } = pair(300, draw);
  const moments = measureMoments(floats, quantized, CHANNELS);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const gain = moments.products[channel] / moments.quantizedSquares[channel];
    const bias = moments.floatMean[channel] - gain * moments.quantizedMean[channel];
    const least = errorOf(moments, channel, gain, bias);
    assert(least > 0);
    for (const [otherGain, otherBias] of [[1, 0], [gain * 1.01, bias], [gain * 0.99, bias], [gain, bias + 0.1]]) {
      assert(errorOf(moments, channel, otherGain, otherBias) > least);
    }
  }
});

Deno.test("Equal values have no error at gain 1 and bias 0", () => {
  const { floats } = pair(100, random(205));
  const moments = measureMoments(floats, floats, CHANNELS);
  for (let channel = 0; channel < CHANNELS; channel++) {
    assertEquals(errorOf(moments, channel, 1, 0), 0);
    assertAlmostEquals(errorOf(moments, channel, 1, 0.25), 0.0625, 1e-12);
  }
});
