import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BINS,
  createHistogram,
  type Histogram,
  mergeHistogram,
  observe,
  uniteHistograms,
} from "../calibrate/observe/histogram.ts";
import { normal, type Random, random, sample, shuffle } from "./support/random.ts";

const ATOMS = [6, -0.375];

/** Values of many magnitudes: batches that are small, large, all zero and full of atoms. */
function batches(draw: Random): Float32Array[] {
  return Array.from({ length: 6 }, () => {
    const size = 2 ** draw.integer(-20, 20);
    const zeros = draw.pick([0, 0.5, 1]);
    return sample(draw.integer(1, 400), () => {
      if (draw.unit() < zeros) return draw.pick([0, -0]);
      return draw.unit() < 0.1 ? draw.pick(ATOMS) : normal(draw) * size;
    });
  });
}

function observed(parts: readonly Float32Array[], atoms: readonly number[] = ATOMS): Histogram {
  const histogram = createHistogram(atoms);
  parts.forEach((part) => observe(histogram, part, "x"));
  return histogram;
}

function join(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function total(counts: ArrayLike<number>): number {
  return Array.from(counts).reduce((sum, count) => sum + count, 0);
}

Deno.test("A histogram depends neither on the order of values nor on batches nor on the order of merging", () => {
  const draw = random(101);
  for (let round = 0; round < 60; round++) {
    const parts = batches(draw);
    const whole = observed([join(parts)]);
    assertEquals(observed(parts), whole);
    assertEquals(observed([shuffle(join(parts), draw)]), whole);
    const order = shuffle(Float32Array.from(parts.keys()), draw);
    const merged = createHistogram(ATOMS);
    for (const index of order) mergeHistogram(merged, observed([parts[index]]));
    assertEquals(merged, whole);
    const split = draw.integer(0, parts.length);
    const right = observed(parts.slice(split));
    mergeHistogram(right, observed(parts.slice(0, split)));
    assertEquals(right, whole);
  }
});

Deno.test("A histogram loses no value however far its bins grow", () => {
  const draw = random(102);
  for (let round = 0; round < 60; round++) {
    const parts = batches(draw).concat(sample(5, () => normal(draw) * 2 ** draw.integer(-149, 120)));
    const histogram = createHistogram(ATOMS);
    let seen = 0;
    for (const part of parts) {
      observe(histogram, part, "x");
      seen += part.length;
      const counted = total(histogram.positive) + total(histogram.negative) + histogram.zeros +
        total(histogram.atomCounts);
      assertEquals(counted, seen);
      assertEquals(histogram.count, seen);
    }
  }
});

Deno.test("Every bin holds the values whose magnitude is in it, and the largest uses more than half the bins", () => {
  const draw = random(103);
  for (let round = 0; round < 40; round++) {
    const values = join(batches(draw));
    const histogram = observed([values], []);
    if (histogram.exponent === null) continue;
    const width = 2 ** histogram.exponent;
    const positive = new Float64Array(BINS);
    const negative = new Float64Array(BINS);
    for (const value of values) {
      if (value !== 0) (value > 0 ? positive : negative)[Math.floor(Math.abs(value) / width)]++;
    }
    assertEquals(histogram.positive, positive);
    assertEquals(histogram.negative, negative);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert(largest < BINS * width && largest >= BINS / 2 * width);
  }
});

Deno.test("Counts up to an edge that both widths share stay the same when the bins grow", () => {
  const draw = random(104);
  const values = sample(5000, () => normal(draw));
  const before = observed([values], []);
  const after = observed([values, Float32Array.of(97)], []);
  const shift = after.exponent! - before.exponent!;
  assert(shift > 0);
  for (let edge = 1; edge <= BINS >> shift; edge++) {
    assertEquals(total(after.positive.subarray(0, edge)), total(before.positive.subarray(0, edge << shift)));
    assertEquals(total(after.negative.subarray(0, edge)), total(before.negative.subarray(0, edge << shift)));
  }
});

Deno.test("New values inside the range seen so far change the counts", () => {
  const draw = random(105);
  const histogram = observed([Float32Array.of(-8, 8)], []);
  const before = structuredClone(histogram);
  observe(histogram, draw.f32(1000, -7, 7), "x");
  assertEquals(histogram.exponent, before.exponent);
  assertEquals([histogram.min, histogram.max], [-8, 8]);
  assertEquals(total(histogram.positive) + total(histogram.negative), 1002);
  assert(histogram.positive.some((count, bin) => count !== before.positive[bin]));
});

Deno.test("A histogram of values times a power of two has the same counts", () => {
  const draw = random(106);
  const values = sample(2000, () => normal(draw));
  const plain = observed([values], []);
  for (const power of [-60, -1, 1, 17, 90]) {
    const scaled = observed([values.map((value) => value * 2 ** power)], []);
    assertEquals(scaled.exponent, plain.exponent! + power);
    assertEquals(scaled.positive, plain.positive);
    assertEquals(scaled.negative, plain.negative);
  }
});

Deno.test("Empty, all-zero, single, denormal and largest values have a histogram", () => {
  assertEquals(observed([new Float32Array(0)]), createHistogram(ATOMS));
  const zero = observed([Float32Array.of(0, -0, 0)]);
  assertEquals([zero.zeros, zero.count, zero.exponent, zero.min === 0, zero.max === 0], [3, 3, null, true, true]);
  const largest = 3.4028234663852886e38;
  for (const value of [1, -3, 2 ** -149, -(2 ** -126), 2 ** -100, largest, -largest]) {
    const histogram = observed([Float32Array.of(value, 0)], []);
    assertEquals(total(value > 0 ? histogram.positive : histogram.negative), 1);
    assertEquals(total(value > 0 ? histogram.negative : histogram.positive), 0);
    assertEquals([histogram.min, histogram.max], [Math.min(0, value), Math.max(0, value)]);
    assert(Math.abs(value) < BINS * 2 ** histogram.exponent!);
  }
});

Deno.test("A value that is not finite is refused by the name of its tensor and changes nothing", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const histogram = observed([Float32Array.of(1, 0, 6, -2)]);
    const before = structuredClone(histogram);
    assertThrows(
      () => observe(histogram, Float32Array.of(100, value, 1), "relu_7"),
      RangeError,
      `"relu_7" is ${value}`,
    );
    assertEquals(histogram, before);
  }
});

Deno.test("Histograms that count other atoms apart cannot be merged", () => {
  assertThrows(() => mergeHistogram(createHistogram([6]), createHistogram([])), TypeError, "different atoms");
});

Deno.test("United histograms count all values, atoms among them, as one observation without atoms does", () => {
  const draw = random(107);
  for (let round = 0; round < 40; round++) {
    const parts = batches(draw);
    const whole = observed([join(parts)], []);
    const united = uniteHistograms(parts.map((part, index) => observed([part], index % 2 === 0 ? ATOMS : [])));
    assertEquals(united, whole);
  }
});
