import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { calibrate } from "../calibrate/calibrate.ts";
import { compareMethods } from "../calibrate/compare/compare.ts";
import { type ComparedRow, summarise } from "../calibrate/compare/comparison.ts";
import { comparisonText } from "../calibrate/compare/comparison_text.ts";
import { COMPARED_METHODS, type ComparedMethod, selectMethods } from "../calibrate/compare/methods.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { evaluate } from "../calibrate/evaluate.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { completeSettings } from "../calibrate/settings.ts";
import { Executor } from "../runtime/executor.ts";
import { Model } from "../runtime/model.ts";
import { DEMO, DEMO_PREPROCESSING } from "./support/demo_bundle.ts";
import { floats, writeOnnx } from "./support/onnx_writer.ts";
import { random } from "./support/random.ts";

const path = (name: string) => fileURLToPath(new URL(name, DEMO));
const SMALL = {
  data: path("calibration_images.npy"),
  samples: 8,
  evaluation: path("calibration_images.npy"),
  labels: path("calibration_labels.npy"),
  preprocessing: DEMO_PREPROCESSING,
};

async function demoNetwork(): Promise<Graph> {
  return importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "network" });
}

function named(...names: string[]): ComparedMethod[] {
  const methods = selectMethods(names);
  assertEquals(methods.map(({ name }) => name).toSorted(), names.toSorted());
  return methods;
}

Deno.test("The table is the paper's, then the default and what becomes of it when a part is switched", () => {
  const names = COMPARED_METHODS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const weights of ["per-channel", "per-tensor"]) {
    for (const scales of ["minmax", "percentile", "entropy", "qmse"]) {
      for (const usp of ["no-usp", "mean", "moments", "lsq"]) assert(names.includes(`${weights}+${scales}+${usp}`));
    }
  }
  const settings = new Set(COMPARED_METHODS.map(({ settings }) => JSON.stringify(completeSettings(settings))));
  assertEquals(settings.size, names.length);
  assertEquals(completeSettings(selectMethods(["per-channel+default"])[0].settings), completeSettings({}));
});

Deno.test("Methods are selected by name or by words, in the table's order, and an unknown one is named", () => {
  const select = (...items: string[]) => selectMethods(items).map(({ name }) => name);
  assertEquals(select("per-tensor+qmse+mean", "per-channel+qmse+mean"), [
    "per-channel+qmse+mean",
    "per-tensor+qmse+mean",
  ]);
  assertEquals(select("entropy+no-usp"), ["per-channel+entropy+no-usp", "per-tensor+entropy+no-usp"]);
  assertEquals(select("per-tensor+default"), ["per-tensor+default"]);
  assertEquals(select("qmse", "per-channel+qmse").length, 8);
  assertThrows(
    () => select("qmse", "quantile"),
    RangeError,
    'No method has the word "quantile": known are per-channel,',
  );
  assertThrows(() => select("qmse+minmax"), RangeError, 'No method is "qmse+minmax"');
  assertThrows(() => select(""), RangeError, 'No method has the word ""');
});

Deno.test("A method with a limit on its loss instead of a number of float layers is refused", async () => {
  const methods = [{ name: "limited", settings: { targetDrop: 1 } }];
  await assertRejects(
    async () => await compareMethods(await demoNetwork(), { ...SMALL, methods }),
    RangeError,
    "limited",
  );
});

Deno.test("Every row is the bundle that calibrate makes, with the accuracy that evaluate finds", async () => {
  const graph = await demoNetwork();
  const methods = named(
    "per-tensor+minmax+no-usp",
    "per-channel+qmse+moments",
    "per-tensor+percentile+lsq",
    "per-channel+default+no-usp",
    "per-tensor+default+4-bit+one-group",
    "per-channel+default+minmax+no-usp+2-in-float",
  );
  const bundles = new Map<string, Uint8Array<ArrayBuffer>>();
  const { rows, float, network } = await compareMethods(graph, {
    ...SMALL,
    methods,
    take: ({ method, bundle }) => void bundles.set(method, bundle),
  });
  assertEquals([network, float.samples, rows.length], ["network", 64, 6]);
  const { data, samples, preprocessing } = SMALL;
  for (const { name, settings, top1, top5, bundleBytes } of rows) {
    const { bundle } = await calibrate(graph, { ...settings, data, samples, preprocessing });
    assertEquals(bundles.get(name), bundle, name);
    assertEquals(bundleBytes, bundle.length);
    const dataset = await openDataset(SMALL.evaluation, {
      inputShape: [1, 3, 48, 48],
      labels: SMALL.labels,
      preprocessing,
    });
    const evaluation = await evaluate(await Model.load(bundle), dataset);
    assertEquals([top1, top5], [
      { mean: evaluation.top1, deviation: null },
      { mean: evaluation.top5, deviation: null },
    ]);
  }
});

Deno.test("Rows do not depend on the number of workers or on what else is compared", async () => {
  const graph = await demoNetwork();
  const methods = named("per-channel+minmax+moments", "per-channel+minmax+lsq", "per-channel+default+minmax");
  const all = await compareMethods(graph, { ...SMALL, methods });
  assertEquals(await compareMethods(graph, { ...SMALL, methods, threads: 2 }), all);
  const [alone] = (await compareMethods(graph, { ...SMALL, methods: [methods[1]] })).rows;
  assertEquals(alone, all.rows[1]);
});

/** Counts how often the float network runs a step of a kind while `work` runs in this isolate. */
async function countFloatRuns(kernel: string, work: () => Promise<unknown>): Promise<number> {
  const { run } = Executor.prototype;
  let count = 0;
  Executor.prototype.run = function (this: Executor, first = 0, end = this.program.steps.length) {
    if (this.program.tensors.every(({ type }) => type === "f32")) {
      count += this.program.steps.slice(first, end).filter((step) => step.kernel === kernel).length;
    }
    run.call(this, first, end);
  };
  try {
    await work();
  } finally {
    Executor.prototype.run = run;
  }
  return count;
}

Deno.test("One float pass over the evaluation samples and one of histograms serve all rows", async () => {
  const graph = await demoNetwork();
  const runs = (methods: string[], repeats = 1) =>
    countFloatRuns("average_pool_f32", () => compareMethods(graph, { ...SMALL, repeats, methods: named(...methods) }));
  const evaluated = 64;
  const scales = ["minmax", "percentile"];
  const off = scales.flatMap((scale) => [`per-channel+${scale}+no-usp`, `per-tensor+${scale}+no-usp`]);
  assertEquals(await runs(off.slice(0, 1)), evaluated + 8);
  assertEquals(await runs(off), evaluated + 8);
  assertEquals(await runs(off.slice(0, 2), 3), evaluated + 3 * 8);
  // What corrects statistics goes through the float network once more, all rows side by side.
  const corrected = ["mean", "moments", "lsq"].map((usp) => `per-channel+minmax+${usp}`);
  assertEquals(await runs(corrected.slice(0, 1)), evaluated + 2 * 8);
  assertEquals(await runs([...off, ...corrected]), evaluated + 2 * 8);
  // The equalised network is one of its own, but evaluation needs the given one alone.
  assertEquals(await runs([...off, ...corrected, "per-channel+default+minmax"]), evaluated + 4 * 8);
});

Deno.test("Subsets have no sample in common, lie evenly over the data, and are refused where they do not fit", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = `${folder}/samples.npy`;
    await Deno.writeFile(data, writeNpy([103, 1], Float32Array.from({ length: 103 }, (_, index) => index)));
    const open = (options: { samples?: number; subset?: { index: number; count: number } }) =>
      openDataset(data, { inputShape: [1, 1], ...options });
    const positions = async (options: Parameters<typeof open>[0]) => {
      const dataset = await open(options);
      const samples = await Promise.all(Array.from({ length: dataset.length }, (_, index) => dataset.sample(index)));
      return samples.map((sample) => "tensor" in sample ? sample.tensor[0] : NaN);
    };
    for (const [count, samples] of [[1, 10], [3, undefined], [4, 25], [103, 1]] as const) {
      const subsets = await Promise.all(
        Array.from(
          { length: count },
          (_, index) => positions({ subset: { index, count }, ...(samples && { samples }) }),
        ),
      );
      const all = subsets.flat();
      assertEquals(all.length, count * (samples ?? 34));
      assertEquals(new Set(all).size, all.length);
      for (const subset of subsets) {
        for (let index = 1; index < subset.length; index++) {
          const gap = subset[index] - subset[index - 1];
          assert(gap > 0 && gap <= Math.ceil(103 / subset.length), `${subset}`);
        }
      }
    }
    assertEquals(await positions({ samples: 7, subset: { index: 0, count: 1 } }), await positions({ samples: 7 }));
    const tooMany = { samples: 40, subset: { index: 0, count: 3 } };
    await assertRejects(() => open(tooMany), RangeError, "3 subsets of 40 samples each take 120:");
    await assertRejects(() => open({ subset: { index: 0, count: 104 } }), RangeError, "104 subsets of 1 samples");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("With several subsets, figures are means with their deviations", async () => {
  const graph = await demoNetwork();
  const methods = named("per-tensor+minmax+no-usp");
  const { calibration, rows: [row] } = await compareMethods(graph, { ...SMALL, methods, repeats: 3 });
  assertEquals(calibration, { subsets: 3, samples: 8 });
  assert(row.logitSqnr!.deviation! > 0);
  const { rows: [first] } = await compareMethods(graph, { ...SMALL, methods });
  assert(first.logitSqnr!.deviation === null && first.logitSqnr!.mean !== row.logitSqnr!.mean);
});

Deno.test("A network of one layer is compared by all methods that need no more", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const draw = random(5);
    const weights = floats([3, 8], draw.f32(24, -1, 1));
    const node = { op: "Gemm", inputs: ["x", "w", "b"], outputs: ["y"], attributes: { transB: 1 } };
    const constants = { w: weights, b: floats([3], [0, 0.5, -0.5]) };
    const graph = importOnnx(writeOnnx({ inputs: { x: [1, 8] }, outputs: ["y"], nodes: [node], constants }), {
      name: "one layer",
    });
    const [data, labels] = [`${folder}/samples.npy`, `${folder}/labels.npy`];
    await Deno.writeFile(data, writeNpy([12, 8], draw.f32(12 * 8, -1, 1)));
    await Deno.writeFile(labels, writeNpy([12], Int32Array.from({ length: 12 }, (_, index) => index % 3)));
    const { rows, float } = await compareMethods(graph, { data, evaluation: data, labels });
    assertEquals(
      rows.map(({ name }) => name),
      COMPARED_METHODS.map(({ name }) => name).filter((name) => !/\bin-float/.test(name)),
    );
    for (const { name, top1, logitSqnr } of rows) {
      assert(Math.abs(top1.mean - float.top1) < 0.2 && logitSqnr!.mean > 15, `${name}: ${logitSqnr!.mean} dB`);
    }
    const methods = selectMethods(["per-channel+default+2-in-float"]);
    await assertRejects(
      () => compareMethods(graph, { data, evaluation: data, labels, methods }),
      RangeError,
      "has 1 with",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const ROW: Pick<ComparedRow, "name" | "settings"> = { name: "row", settings: completeSettings({}) };

Deno.test("The difference to float is paired: samples that both get right or wrong add nothing to its error", () => {
  const float = { ranks: [0, 0, 0, 0, 7, 7, 7, 7], signal: 1000 };
  const score = (ranks: number[], noise: number, bundleBytes = 9) => ({ ranks, noise, bundleBytes });
  const same = summarise(ROW, [score([0, 0, 0, 0, 1, 2, 3, 9], 10)], float);
  assertEquals(same.difference, { mean: 0, standardError: 0 });
  assertEquals([same.top1, same.top5], [{ mean: 0.5, deviation: null }, { mean: 0.875, deviation: null }]);
  assertAlmostEquals(same.logitSqnr!.mean, 20, 1e-12);
  const other = summarise(ROW, [score([0, 0, 0, 3, 0, 0, 7, 7], 1)], float);
  assertEquals(other.difference.mean, 1 / 8);
  // -1, 1, 1 and five zeros: squares 3 - 8 / 64, over 7 and 8.
  assertAlmostEquals(other.difference.standardError, Math.sqrt((3 - 1 / 8) / 7 / 8), 1e-12);
  const two = summarise(ROW, [score([0, 0, 0, 0, 7, 7, 7, 7], 10), score([1, 1, 0, 0, 7, 7, 7, 7], 1000, 12)], float);
  assertEquals([two.top1.mean, two.difference.mean, two.bundleBytes], [0.375, -0.125, 12]);
  assertAlmostEquals(two.top1.deviation!, Math.sqrt(2 * 0.125 ** 2), 1e-12);
  assertEquals(two.logitSqnr, { mean: 10, deviation: Math.sqrt(200) });
  assertEquals(summarise(ROW, [score(float.ranks, 0)], float).logitSqnr, null);
});

Deno.test("The text shows means with deviations, and differences with a sign", () => {
  const float = { ranks: [0, 0, 5, 5], signal: 100 };
  const rows = [[0, 0, 0, 5], [0, 0, 5, 5]].map((ranks, index) =>
    summarise({ ...ROW, name: `row ${index}` }, [{ ranks, noise: index === 0 ? 1 : 0, bundleBytes: 2400 }], float)
  );
  const accuracy = { samples: 4, top1: 0.5, top5: 0.5 };
  const one = comparisonText({ network: "n", calibration: { subsets: 1, samples: 9 }, float: accuracy, rows });
  assertEquals(one.split("\n").slice(2).map((line) => line.replace(/ {2,}/g, " | ")), [
    "float32 | 50.00 | 50.00",
    "row 0 | 75.00 | 75.00 | 20.0 dB | +25.00 ± 25.00 | 2 kB",
    "row 1 | 50.00 | 50.00 | exact | 0.00 ± 0.00 | 2 kB",
    "",
    "Calibrated on 9 samples.",
    "Evaluated on 4 samples; the difference to float ± its standard error, sample by sample.",
  ]);
  const several = {
    ...rows[0],
    difference: { mean: -1e-9, standardError: 0.01 },
    top1: { mean: 0.5, deviation: 0.01 },
  };
  const text = comparisonText({
    network: "n",
    calibration: { subsets: 3, samples: 9 },
    float: accuracy,
    rows: [several],
  });
  assert(
    text.includes("50.00 ± 1.00") && text.includes("  0.00 ± 1.00") &&
      text.includes("Calibrated on 3 subsets of 9 samples, mean ± standard"),
  );
});

Deno.test("A comparison without labels, or of a number of subsets that is none, is refused", async () => {
  const graph = await demoNetwork();
  const { labels: _, ...unlabelled } = SMALL;
  await assertRejects(() => compareMethods(graph, unlabelled), TypeError, "Comparison needs labels");
  await assertRejects(() => compareMethods(graph, { ...SMALL, repeats: 0.5 }), RangeError, "got 0.5");
});
