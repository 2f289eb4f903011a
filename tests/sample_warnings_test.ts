import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { BinaryNode, Graph } from "../calibrate/graph/graph.ts";
import { inputWarnings } from "../calibrate/observe/input_warnings.ts";
import { findOutliers } from "../calibrate/observe/outliers.ts";
import { summarizeInput } from "../calibrate/observe/sample_summary.ts";
import { reportText } from "../calibrate/report/report_text.ts";
import { InputError, InputRangeError } from "../runtime/errors.ts";
import { Model } from "../runtime/model.ts";
import { random } from "./support/random.ts";
import { smallNetwork } from "./support/small_network.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const SAMPLES = 64;
const ELEMENTS = 192;
const SHAPE = [1, 3, 8, 8];

async function withSamples(
  data: Float32Array,
  shape: number[],
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(path, writeNpy(shape, data));
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Samples of the small network, of which number 17 is `factor` times as large. */
function exploding(factor: number): Float32Array {
  const data = random(3).f32(SAMPLES * ELEMENTS, -1, 1);
  for (let index = 17 * ELEMENTS; index < 18 * ELEMENTS; index++) data[index] *= factor;
  return data;
}

Deno.test("one sample that is far from all others is named with its share of the error, and can be left out", async () => {
  const clean = exploding(1);
  const rest = new Float32Array([...clean.subarray(0, 17 * ELEMENTS), ...clean.subarray(18 * ELEMENTS)]);
  let expected: Uint8Array | undefined;
  await withSamples(rest, [SAMPLES - 1, ...SHAPE], async (data) => {
    expected = (await calibrate(smallNetwork(), { data })).bundle;
  });
  await withSamples(exploding(1000), [SAMPLES, ...SHAPE], async (data) => {
    const { report } = await calibrate(smallNetwork(), { data, scales: "minmax", usp: "off" });
    const { seen, sqnrOfOthers, dropped } = report.outliers!;
    assertEquals(seen.map(({ sample, name }) => [sample, name]), [[17, "sample 17"]]);
    assert(seen[0].magnitude! > 500 * seen[0].usual!, JSON.stringify(seen));
    assert(seen[0].shareOfError! > 0 && seen[0].shareOfError! <= 1, JSON.stringify(seen));
    assert(sqnrOfOthers! < 5 && report.layers.at(-1)!.sqnrAfter! > 25, `${sqnrOfOthers}`);
    assertEquals(dropped, []);
    const text = reportText(report, { output: "a.octet", floatBytes: 1000 });
    assertMatch(
      text,
      /\nwarning: One sample is far .*: sample 17 \(".*" is up to \d.*, usually .*, \d+\.\d % of the error\)\. /,
    );
    assertMatch(text, /On the others the output has -?\d\.\d dB\. .*--drop-outliers/);

    for (const threads of [1, 3]) {
      const made = await calibrate(smallNetwork(), { data, dropOutliers: true, threads });
      assertEquals(made.bundle, expected);
      assertEquals(made.report.outliers!.seen, []);
      assertEquals(made.report.outliers!.dropped.map(({ sample }) => sample), [17]);
      assertMatch(
        reportText(made.report, { output: "", floatBytes: 1 }),
        /\nwarning: One sample was left out: sample 17 \(/,
      );
    }
    const cut = await calibrate(smallNetwork(), { data, scales: "percentile", percentile: 98 });
    const report98 = cut.report.outliers!;
    assert(report98.sqnrOfOthers! > 25, `${report98.sqnrOfOthers}`);
    await assertRejects(
      () => calibrate(smallNetwork(), { data, percentile: 98 }),
      InputError,
      'needs scales "percentile"',
    );
    const both = { data, dropOutliers: true, merge: ["none"] };
    await assertRejects(() => calibrate(smallNetwork(), both), InputError, "Outliers cannot be dropped");
  });
  await withSamples(clean, [SAMPLES, ...SHAPE], async (data) => {
    const { report, bundle } = await calibrate(smallNetwork(), { data });
    assertEquals([report.outliers, report.warnings], [undefined, undefined]);
    assertEquals((await calibrate(smallNetwork(), { data, dropOutliers: true })).bundle, bundle);
  });
});

/** x^8, element by element, which overflows for large x. */
function exploder(): Graph {
  const product = (factor: string, output: string): Omit<BinaryNode, "name"> => ({
    op: "binary",
    operation: "multiply",
    inputs: [factor, factor],
    output,
    activation: { kind: "identity" },
  });
  const shape = [1, 4];
  return makeGraph({
    inputs: { x: shape },
    shapes: { a: shape, b: shape, y: shape },
    nodes: [product("x", "a"), product("a", "b"), product("b", "y")],
  });
}

Deno.test("a value that is not finite is named with its sample, also where it is the last one", async () => {
  const data = random(5).f32(32 * 4, 0.5, 1);
  data[4 * 9 + 2] = 1e5;
  await withSamples(data, [32, 4], async (path) => {
    const options: CalibrationOptions = { data: path, scales: "minmax" };
    for (const threads of [1, 2]) {
      await assertRejects(
        () => calibrate(exploder(), { ...options, threads }),
        InputRangeError,
        'Value "y" is Infinity for sample 9: leave the sample out',
      );
    }
    const { bundle, report } = await calibrate(exploder(), { ...options, dropOutliers: true });
    assertEquals(report.outliers!.dropped.map(({ sample, magnitude }) => [sample, magnitude]), [[9, null]]);
    const { y } = (await Model.load(bundle)).run({ x: Float32Array.of(1, 1, 1, 1) });
    assertAlmostEquals(y.data[0], 1, 0.05);
  });
  await withSamples(new Float32Array(16).fill(1e30), [4, 4], async (path) => {
    const all = () => calibrate(exploder(), { data: path, dropOutliers: true });
    await assertRejects(all, InputRangeError, "All 4 samples give values that are not finite");
  });
});

Deno.test("outliers have a gap below them, and are few", () => {
  const find = (peaks: number[]) =>
    findOutliers(["a"], peaks.map((_, index) => index), peaks.map((peak) => Float32Array.of(peak))).map(({ sample }) =>
      sample
    );
  const draw = random(8);
  const usual = Array.from({ length: 40 }, () => draw.float(1, 3));
  assertEquals(find(usual), []);
  assertEquals(find([...usual, 100]), [40]);
  assertEquals(find([...usual, 100, 1e6]), [40, 41]);
  assertEquals(find([...usual, 7]), []);
  assertEquals(find([...usual, Infinity]), [40]);
  assertEquals(find([...usual, ...usual.map((value) => value * 100)]), []);
  // Powers of two: spread widely, but without a gap.
  assertEquals(find(Array.from({ length: 40 }, (_, index) => 2 ** index)), []);
  assertEquals(find([1, 2, 100]), []);
  assertEquals(find([1, 2, 1, 100]), [3]);
  assertEquals(find(new Array(20).fill(0)), []);
});

Deno.test("unusual inputs give a warning that says what was seen and what is usual", () => {
  const draw = random(6);
  const make = (low: number, high: number, count = 8) =>
    Array.from({ length: count }, () => summarizeInput(draw.f32(ELEMENTS, low, high), 3, false));
  const constant = (value: number) => summarizeInput(new Float32Array(ELEMENTS).fill(value), 3, false);
  const recipe = (mean: number, std: number) => ({
    crop: [8, 8] as [number, number],
    mean: [mean, mean, mean],
    std: [std, std, std],
  });
  const warn = (...args: [ReturnType<typeof make>, ReturnType<typeof recipe>?, number[]?]) => {
    const [samples, preprocessing, shape = SHAPE] = args;
    return inputWarnings(samples, samples.map((_, index) => `${index}.png`), shape, preprocessing);
  };
  const one = (warnings: string[], pattern: RegExp) => {
    assertEquals(warnings.length, 1, warnings.join("\n"));
    assertMatch(warnings[0], pattern);
  };
  for (const [low, high] of [[-2.2, 2.7], [0, 1], [-1, 1], [-5, 5]]) assertEquals(warn(make(low, high)), []);
  one(
    warn(make(0, 255)),
    /^Input values go from 0\.\d+ to 25\d, mean 12\d, .*usual for images are -3 to 3, or 0 to 1\. Were pixels/,
  );
  one(warn(make(-11, 9)), /^Input values go from -1.* to .*Were they normalised twice\?$/);
  one(warn(make(-2.12, -2.07)), /deviation 0\.01.*normalised twice/);
  one(warn(make(0, 1 / 255)), /deviation 0\.001.*scaled or normalised twice/);
  assertEquals(warn(make(0, 255), undefined, [1, 192]), []);

  const normal = recipe(0.45, 0.225);
  assertEquals(warn(make(-2, 2.4), normal), []);
  assertEquals(warn(make(0, 255), recipe(0, 1 / 255)), []);
  one(
    warn(make(-2.1, -2), recipe(123.7, 58.4)),
    /^--mean 123\.7,123\.7,123\.7 and --std 58\.4.*usual are 0 to 1, such as 0\.485/,
  );
  one(warn(make(-2, -1.99), normal), /^Pixels are all 0 or 1: usual are 0 to 255/);

  one(warn([...make(-1, 1), constant(0)]), /^1 of 9 samples is constant, such as 8\.png, whose elements are all 0/);
  const black = Float32Array.from({ length: ELEMENTS }, (_, index) => -2 - Math.floor(index / 64));
  one(
    warn([...make(-1, 1), summarizeInput(black, 3, false)]),
    /^1 of 9 samples is constant, such as 8\.png, which is of one/,
  );
  const pixels = Uint8Array.from({ length: ELEMENTS }, (_, index) => index % 3);
  assertEquals([summarizeInput(pixels, 3, true), summarizeInput(pixels, 3, false)].map((seen) => seen.isConstant), [
    true,
    false,
  ]);
  one(warn([constant(0), constant(0)]), /^All 2 samples are constant, such as 0\.png, whose elements are all 0/);
  one(
    warn([...make(-1, 1, 1), constant(3), constant(4)], undefined, [1, 192]),
    /^2 of 3 samples are constant, such as 1/,
  );
});
