import { assertEquals } from "@std/assert";
import {
  addSample,
  createChannelMoments,
  meansOf,
  meanSquaresOf,
  mergeChannelMoments,
} from "../calibrate/observe/channel_moments.ts";
import { addExactly, type ExactSum, roundSum } from "../calibrate/observe/exact_sum.ts";
import { normal, type Random, random } from "./support/random.ts";

/** Numbers of many magnitudes and both signs, some of which cancel each other. */
function numbers(draw: Random, length: number): number[] {
  const list = Array.from({ length }, () => normal(draw) * 2 ** draw.integer(-60, 60));
  return [...list, ...list.filter(() => draw.unit() < 0.5).map((value) => -value)];
}

function shuffled<T>(items: readonly T[], draw: Random): T[] {
  return items.map((item) => ({ item, key: draw.unit() })).sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function sumOf(values: readonly number[]): ExactSum {
  const sum: ExactSum = [];
  for (const value of values) addExactly(sum, value);
  return sum;
}

/** A float64 as a whole number of 2^-1074. */
function units(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const [exponent, fraction] = [bits >> 52n, bits & (2n ** 52n - 1n)];
  const magnitude = exponent === 0n ? fraction : (fraction | 2n ** 52n) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}

Deno.test("A sum holds what whole numbers of any size would, whatever the order", () => {
  const draw = random(31);
  for (let round = 0; round < 100; round++) {
    const values = numbers(draw, draw.integer(1, 40));
    const expected = values.reduce((sum, value) => sum + units(value), 0n);
    for (const order of [values, values.toSorted((a, b) => a - b), shuffled(values, draw)]) {
      const sum = sumOf(order);
      assertEquals(sum.reduce((total, part) => total + units(part), 0n), expected);
      assertEquals(roundSum(sum), roundSum(sumOf(values)));
    }
  }
});

Deno.test("A sum rounds to the nearest float64, and halfway by what is below", () => {
  assertEquals(roundSum([]), 0);
  assertEquals(roundSum(sumOf([1e100, 1, -1e100])), 1);
  assertEquals(roundSum(sumOf(new Array(10).fill(0.1))), 1);
  const half = 2 ** -53;
  assertEquals(roundSum(sumOf([1, half])), 1);
  assertEquals(roundSum(sumOf([1, half, 2 ** -200])), 1 + 2 * half);
  assertEquals(roundSum(sumOf([1, half, -(2 ** -200)])), 1);
  assertEquals(roundSum(sumOf([1 + 2 * half, half])), 1 + 4 * half);
  assertEquals(roundSum(sumOf([1 + 2 * half, half, -(2 ** -200)])), 1 + 2 * half);
  assertEquals(roundSum(sumOf([-1, -half, -(2 ** -200)])), -1 - 2 * half);
  assertEquals(sumOf([3, -3]), []);
});

Deno.test("Moments of channels are the same bits for any split of the samples", () => {
  const draw = random(32);
  const channels = 5;
  const samples = Array.from({ length: 30 }, () => draw.f32(channels * 7, -3, 1e6));
  const moments = (parts: readonly Float32Array[][]) => {
    const merged = createChannelMoments(channels);
    for (const part of parts) {
      const moments = createChannelMoments(channels);
      for (const sample of part) addSample(moments, sample);
      mergeChannelMoments(merged, moments);
    }
    return { count: merged.count, means: meansOf(merged), squares: meanSquaresOf(merged) };
  };
  const whole = moments([samples]);
  assertEquals(whole.count, 210);
  for (const size of [1, 4, 29]) {
    const mixed = shuffled(samples, draw);
    const parts = Array.from(
      { length: Math.ceil(30 / size) },
      (_, index) => mixed.slice(index * size, (index + 1) * size),
    );
    assertEquals(moments(parts), whole);
  }
  for (let channel = 0; channel < channels; channel++) {
    const values = samples.flatMap((sample) => [...sample].filter((_, index) => index % channels === channel));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assertEquals(Math.abs(whole.means[channel] - mean) < 1e-9 * mean, true);
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    assertEquals(Math.abs(whole.squares[channel] - square) < 1e-9 * square, true);
  }
});
