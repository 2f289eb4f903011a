import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { BINS, createHistogram, type Histogram, observe } from "../calibrate/observe/histogram.ts";
import { chooseGrid } from "../calibrate/quantize/choose_grid.ts";
import { entropyGrid } from "../calibrate/scales/entropy.ts";
import { minMaxGrid } from "../calibrate/scales/min_max.ts";
import { percentileGrid } from "../calibrate/scales/percentile.ts";
import { qmseGrid } from "../calibrate/scales/qmse.ts";
import { type Grid, LEAST_SCALE, scoreGrid, scoreValues, snapGrid } from "../calibrate/scales/score.ts";
import { clippingError, suffixSums } from "../calibrate/scales/suffix_sums.ts";
import { dequantizeValue, quantizeValue } from "../runtime/numerics/quantization.ts";
import { exponential, laplace, normal, type Random, random, sample, shuffle } from "./support/random.ts";

type Method = (histogram: Histogram) => Grid;

const METHODS: Record<string, Method> = {
  minmax: minMaxGrid,
  percentile: percentileGrid,
  entropy: entropyGrid,
  qmse: (histogram) => qmseGrid(histogram),
};
const LARGEST = 3.4028234663852886e38;

/** Tensors as networks have them: signed, after ReLU or ReLU6, with outliers, skewed, discrete. */
function tensors(draw: Random, length = 4000): Record<string, Float32Array> {
  const relu = () => Math.max(0, normal(draw));
  return {
    normal: sample(length, () => normal(draw)),
    laplace: sample(length, () => laplace(draw)),
    relu: sample(length, relu),
    "ReLU6": sample(length, () => Math.min(6, 4 * relu())),
    negative: sample(length, () => -exponential(draw)),
    SiLU: sample(length, () => {
      const x = 2 * normal(draw);
      return x / (1 + Math.exp(-x));
    }),
    outlier: sample(length, () => (draw.unit() < 0.001 ? 400 : 1) * normal(draw)),
    discrete: sample(length, () => draw.integer(-3, 9) / 4),
    bytes: sample(length, () => draw.integer(0, 255)),
  };
}

function histogramOf(values: Float32Array, atoms: readonly number[] = []): Histogram {
  const histogram = createHistogram(atoms);
  observe(histogram, values, "x");
  return histogram;
}

function quantize(value: number, { scale, zeroPoint }: Grid): number {
  return quantizeValue(value, Math.fround(1 / scale), zeroPoint);
}

function lowEnd({ scale, zeroPoint }: Grid): number {
  return -zeroPoint * scale;
}

function highEnd({ scale, zeroPoint, levels }: Grid): number {
  return (levels - zeroPoint) * scale;
}

function assertUsable(grid: Grid, message: string): void {
  assert(grid.scale >= LEAST_SCALE && Number.isFinite(grid.scale), `${message}: scale ${grid.scale}`);
  assertEquals(Math.fround(grid.scale), grid.scale, message);
  assert(Number.isInteger(grid.zeroPoint) && grid.zeroPoint >= 0 && grid.zeroPoint <= grid.levels, message);
}

Deno.test("QMSE never chooses a grid with more error than min-max on the same histogram", () => {
  const draw = random(301);
  for (const [name, values] of Object.entries(tensors(draw))) {
    for (const atoms of [[], [6]]) {
      const histogram = histogramOf(values, atoms);
      const chosen = scoreGrid(histogram, qmseGrid(histogram));
      assert(chosen <= scoreGrid(histogram, minMaxGrid(histogram)), name);
    }
  }
});

Deno.test("QMSE has little more error than min-max on the values themselves, and less on a Laplace tensor", () => {
  const { discrete: _, bytes: __, ...smooth } = tensors(random(302), 20000);
  for (const [name, values] of Object.entries(smooth)) {
    const histogram = histogramOf(values, name === "ReLU6" ? [6] : []);
    const chosen = scoreValues(values, qmseGrid(histogram));
    const widest = scoreValues(values, minMaxGrid(histogram));
    assert(chosen <= 1.01 * widest, `${name}: ${chosen} against ${widest}`);
    if (name === "laplace") assert(chosen < 0.95 * widest, `${chosen} against ${widest}`);
  }
});

Deno.test("QMSE takes min-max where the winner does worse on the sample of raw values", () => {
  const draw = random(303);
  let fallbacks = 0;
  for (const [name, values] of Object.entries(tensors(draw))) {
    const histogram = histogramOf(values);
    const without = qmseGrid(histogram);
    const widest = minMaxGrid(histogram);
    const chosen = chooseGrid({ histogram, raw: values }, "qmse").grid;
    const worse = scoreValues(values, without) > scoreValues(values, widest);
    assertEquals(chosen, worse ? widest : without, name);
    assert(scoreValues(values, chosen) <= scoreValues(values, widest), name);
    if (worse) fallbacks++;
  }
  assert(fallbacks < 5);
});

Deno.test("Every method keeps zero exact and the zero point an integer within the levels", () => {
  for (const [name, values] of Object.entries(tensors(random(304)))) {
    const histogram = histogramOf(values);
    for (const [method, choose] of Object.entries(METHODS)) {
      const grid = choose(histogram);
      assertUsable(grid, `${method} ${name}`);
      for (const zero of [0, -0]) {
        assertEquals(quantize(zero, grid), grid.zeroPoint);
        assert(dequantizeValue(quantize(zero, grid), grid.scale, grid.zeroPoint) === 0);
      }
      if (histogram.min >= 0) assertEquals(grid.zeroPoint, 0, `${method} ${name}`);
      if (histogram.max <= 0) assertEquals(grid.zeroPoint, 255, `${method} ${name}`);
    }
  }
});

Deno.test("One bit more never gives QMSE more error", () => {
  for (const [name, values] of Object.entries(tensors(random(309), 1500))) {
    const histogram = histogramOf(values);
    let before = Infinity;
    for (let bits = 2; bits <= 8; bits++) {
      const grid = qmseGrid(histogram, 2 ** bits - 1);
      assertEquals(grid.levels, 2 ** bits - 1);
      const score = scoreGrid(histogram, grid);
      assert(score <= before * (1 + 1e-12), `${name}: ${score} at ${bits} bits, ${before} at one less`);
      before = score;
    }
  }
});

Deno.test("Values times a power of two have the same grid times that power, by every method", () => {
  for (const [name, values] of Object.entries(tensors(random(310)))) {
    for (const [method, choose] of Object.entries(METHODS)) {
      const grid = choose(histogramOf(values));
      for (const power of [-40, -3, 1, 50]) {
        const scaled = choose(histogramOf(values.map((value) => value * 2 ** power)));
        assertEquals(scaled, { ...grid, scale: grid.scale * 2 ** power }, `${method} ${name} 2^${power}`);
      }
    }
  }
});

Deno.test("Another order of the values or a second copy of them leaves the grid as it is", () => {
  const draw = random(311);
  for (const [name, values] of Object.entries(tensors(draw))) {
    const twice = histogramOf(values);
    observe(twice, values, "x");
    const shuffled = histogramOf(shuffle(values, draw));
    for (const [method, choose] of Object.entries(METHODS)) {
      const grid = choose(histogramOf(values));
      assertEquals(choose(shuffled), grid, `${method} ${name}`);
      assertEquals(choose(twice), grid, `${method} ${name}`);
    }
  }
});

Deno.test("The clipping error never grows with the threshold, and the rounding error never shrinks", () => {
  for (const [name, values] of Object.entries(tensors(random(312)))) {
    const { positive, exponent } = histogramOf(values);
    const width = 2 ** exponent!;
    const sums = suffixSums(positive, width);
    let clipping = Infinity;
    let rounding = 0;
    for (let edge = 0; edge <= BINS; edge++) {
      const clipped = clippingError(sums, edge);
      const step = edge * width / 255;
      const rounded = step * step / 12 * (sums.count[0] - sums.count[edge]);
      assert(clipped >= 0 && clipped <= clipping + 1e-12 * sums.second[0], `${name} at edge ${edge}`);
      assert(rounded >= rounding, `${name} at edge ${edge}`);
      [clipping, rounding] = [clipped, rounded];
    }
    assertEquals(clipping, 0);
  }
});

Deno.test("The clipping error takes values as uniform in their bin", () => {
  const counts = new Float64Array(BINS);
  counts[40] = 12;
  const sums = suffixSums(counts, 0.5);
  assertAlmostEquals(clippingError(sums, 40), 12 * 0.5 ** 2 / 3, 1e-9);
  // From 0.5 to 1 above the edge: the integral of x^2 there, per unit of width.
  assertAlmostEquals(clippingError(sums, 39), 12 * (1 - 0.125) / 3 / 0.5, 1e-9);
  assertEquals(clippingError(sums, 41), 0);
});

Deno.test("The clipping error of a threshold is that of the values, and the score is rounding plus clipping", () => {
  const draw = random(313);
  const values = sample(50000, () => exponential(draw));
  const histogram = histogramOf(values);
  const width = 2 ** histogram.exponent!;
  const sums = suffixSums(histogram.positive, width);
  for (const edge of [150, 400, 800, 1600]) {
    const threshold = edge * width;
    const direct = values.reduce((sum, value) => sum + Math.max(0, value - threshold) ** 2, 0);
    const clipped = clippingError(sums, edge);
    assertAlmostEquals(clipped, direct, 0.01 * direct + 1e-9);
    const grid = snapGrid(0, threshold, 255);
    const rounded = grid.scale ** 2 / 12 * (sums.count[0] - sums.count[edge]);
    assertAlmostEquals(scoreGrid(histogram, grid) * values.length, rounded + clipped, 0.02 * (rounded + clipped));
  }
});

Deno.test("The score of a histogram is the error of its values", () => {
  const { discrete: _, bytes: __, outlier: ___, ...smooth } = tensors(random(314), 40000);
  for (const [name, values] of Object.entries(smooth)) {
    const histogram = histogramOf(values, name === "ReLU6" ? [6] : []);
    for (const share of [0.3, 0.7, 1]) {
      const grid = snapGrid(Math.min(0, histogram.min) * share, Math.max(0, histogram.max) * share, 255);
      const direct = scoreValues(values, grid);
      assertAlmostEquals(scoreGrid(histogram, grid), direct, 0.02 * direct, `${name} ${share}`);
    }
  }
});

Deno.test("An atom costs what its rounding costs and zeros cost nothing", () => {
  const histogram = histogramOf(Float32Array.of(6, 6, 0, 0, 0, 0, 0, 0), [6]);
  const grid: Grid = { scale: 0.5, zeroPoint: 0, levels: 10 };
  assertEquals(scoreGrid(histogram, grid), 2 * 1 / 8);
  assertEquals(scoreGrid(histogram, { ...grid, levels: 255 }), 0);
  assertEquals(scoreGrid(createHistogram(), grid), 0);
});

/** The histogram that very many values of a density have, on the positive or on both sides. */
function expectedHistogram(density: (magnitude: number) => number, signed: boolean): Histogram {
  const end = 15.99;
  const histogram = histogramOf(Float32Array.of(end, signed ? -end : 0));
  const width = 2 ** histogram.exponent!;
  histogram.positive = histogram.positive.map((_, bin) => 1e9 * density((bin + 0.5) * width) * width);
  if (signed) histogram.negative = histogram.positive.slice();
  histogram.count = histogram.positive.reduce((sum, count) => sum + count, 0) * (signed ? 2 : 1);
  histogram.zeros = 0;
  return histogram;
}

Deno.test("Thresholds of normal, Laplace, half-normal and exponential densities are the closed-form optima", () => {
  const gauss = (x: number) => Math.exp(-x * x / 2);
  const decay = (x: number) => Math.exp(-x);
  const cases = [
    { name: "normal", density: gauss, signed: true, optima: { 6: 3.27, 8: 3.92 } },
    { name: "Laplace", density: decay, signed: true, optima: { 6: 7.36, 8: 9.88 } },
    { name: "half-normal", density: gauss, signed: false, optima: { 3: 2.47, 4: 2.9, 6: 3.61, 8: 4.21 } },
    { name: "exponential", density: decay, signed: false, optima: { 3: 4.8, 4: 6.09, 6: 8.62, 8: 11.16 } },
  ];
  for (const { name, density, signed, optima } of cases) {
    const histogram = expectedHistogram(density, signed);
    for (const [bits, optimum] of Object.entries(optima)) {
      const levels = 2 ** Number(bits) - 1;
      const grid = qmseGrid(histogram, levels);
      const threshold = (highEnd(grid) - lowEnd(grid)) / (signed ? 2 : 1);
      assertAlmostEquals(threshold, optimum, 0.01 * optimum, `${name} at ${bits} bits`);
    }
  }
});

Deno.test("Sampled values lose no more than 1 % to the threshold of their density", () => {
  const cases: { next: (draw: Random) => number; range: [number, number] }[] = [
    { next: normal, range: [-3.92, 3.92] },
    { next: laplace, range: [-9.88, 9.88] },
    { next: (draw) => Math.max(0, normal(draw)), range: [0, 4.21] },
    { next: exponential, range: [0, 11.16] },
  ];
  cases.forEach(({ next, range }, index) => {
    const draw = random(320 + index);
    const values = sample(200000, () => next(draw));
    const chosen = scoreValues(values, qmseGrid(histogramOf(values)));
    const expected = scoreValues(values, snapGrid(...range, 255));
    assert(chosen <= 1.01 * expected, `${chosen} against ${expected}`);
  });
});

Deno.test("All-zero, constant, single, denormal and largest values have a usable grid by every method", () => {
  const cases = [[0], [0, -0, 0], [5, 5, 5], [-5, -5], [0.1], [-1e-30], [2 ** -149], [-(2 ** -149), 2 ** -149]];
  cases.push(
    [2 ** -126, 2 ** -130],
    [1.25 * 2 ** -101],
    [-1.25 * 2 ** -101, 2 ** -100],
    [-(2 ** -105), 2 ** -104, 2 ** -108],
    [LARGEST],
    [-LARGEST, LARGEST],
    [
      LARGEST,
      2 ** -149,
    ],
  );
  for (const values of cases.map((list) => Float32Array.from(list))) {
    const histogram = histogramOf(values);
    for (const [method, choose] of Object.entries(METHODS)) {
      assertUsable(choose(histogram), `${method} of ${values}`);
      if (values.every((value) => value === 0)) {
        assertEquals(choose(histogram), { scale: 1, zeroPoint: 0, levels: 255 });
      }
    }
  }
  for (const [method, choose] of Object.entries(METHODS)) assertUsable(choose(createHistogram()), method);
});

Deno.test("A constant and a single value keep their value to half a step of their own range", () => {
  for (const value of [5, -5, 0.1, -1e-20, 1e30]) {
    for (const [method, choose] of Object.entries(METHODS)) {
      const grid = choose(histogramOf(Float32Array.of(value, value)));
      const result = dequantizeValue(quantize(value, grid), grid.scale, grid.zeroPoint);
      assertAlmostEquals(result, value, Math.abs(value) / 255, method);
    }
  }
});

Deno.test("Min-max, percentile and entropy never go beyond the range seen by more than half a step", () => {
  const draw = random(330);
  const sparse = new Float32Array(300000);
  sparse[7] = 0.3;
  const faint = sparse.slice();
  faint[8] = -0.2;
  for (const [name, values] of Object.entries({ ...tensors(draw), sparse, faint })) {
    const histogram = histogramOf(values);
    for (const method of ["minmax", "percentile", "entropy"]) {
      const grid = METHODS[method](histogram);
      assert(lowEnd(grid) >= Math.min(0, histogram.min) - 0.5001 * grid.scale, `${method} ${name}`);
      assert(highEnd(grid) <= Math.max(0, histogram.max) + 0.5001 * grid.scale, `${method} ${name}`);
    }
  }
});

Deno.test("Min-max reaches from the least to the greatest value", () => {
  for (const [name, values] of Object.entries(tensors(random(331)))) {
    const histogram = histogramOf(values);
    const grid = minMaxGrid(histogram);
    assertAlmostEquals(lowEnd(grid), Math.min(0, histogram.min), 0.5001 * grid.scale, name);
    assertAlmostEquals(highEnd(grid), Math.max(0, histogram.max), 0.5001 * grid.scale, name);
  }
});

Deno.test("The percentile grid leaves out at most 0.001 % of the values at each end and ignores rare outliers", () => {
  const draw = random(332);
  const values = sample(300000, () => normal(draw));
  values[5] = 1000;
  values[6] = -1000;
  const histogram = histogramOf(values);
  const grid = percentileGrid(histogram);
  const low = lowEnd(grid) - grid.scale;
  const high = highEnd(grid) + grid.scale;
  assert(values.filter((value) => value > high).length <= 3);
  assert(values.filter((value) => value < low).length <= 3);
  assert(high > 3.9 && high < 5.5, `${high}`);
  assert(low < -3.9 && low > -5.5, `${low}`);
});

Deno.test("The percentile grid leaves out the share that is asked for", () => {
  const values = Float32Array.from({ length: 100_000 }, (_, index) => index / 100_000);
  for (const percentile of [60, 90, 99, 99.9, 100]) {
    const high = highEnd(percentileGrid(histogramOf(values), 255, percentile));
    assertAlmostEquals(high, percentile / 100, 0.003, `${percentile}`);
  }
  const raw = new Float32Array(0);
  const histogram = histogramOf(values);
  assertEquals(chooseGrid({ histogram, raw }, "percentile"), chooseGrid({ histogram, raw }, "percentile", 99.999));
  assertAlmostEquals(highEnd(chooseGrid({ histogram, raw }, "percentile", 80).grid), 0.8, 0.003);
});

Deno.test("The percentile grid keeps an atom that occurs often", () => {
  const values = sample(1000, () => 6);
  assertAlmostEquals(highEnd(percentileGrid(histogramOf(values, [6]))), 6, 1e-5);
});

Deno.test("The entropy grid cuts outliers and keeps uniform values whole", () => {
  const draw = random(333);
  const outliers = sample(200000, () => normal(draw));
  outliers.fill(40, 0, 3);
  outliers.fill(-40, 3, 6);
  const cases = [
    { name: "normal", values: sample(200000, () => normal(draw)), least: 2.5, most: 4.6 },
    { name: "Laplace", values: sample(200000, () => laplace(draw)), least: 4, most: 12 },
    { name: "half-normal", values: sample(200000, () => Math.max(0, normal(draw))), least: 2.5, most: 4.8 },
    { name: "outliers", values: outliers, least: 2.5, most: 6 },
    { name: "uniform", values: draw.f32(200000, -1, 1), least: 0.98, most: 1.005 },
  ];
  for (const { name, values, least, most } of cases) {
    const histogram = histogramOf(values);
    const grid = entropyGrid(histogram);
    const threshold = highEnd(grid);
    assert(threshold >= least && threshold <= most, `${name}: ${threshold}`);
  }
});
