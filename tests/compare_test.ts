import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { calibrate } from "../calibrate/calibrate.ts";
import { compareMethods } from "../calibrate/compare/compare.ts";
import { accuracyOf } from "../calibrate/accuracy.ts";
import { byFidelity, type ComparedRow, type RowScore, summarise } from "../calibrate/compare/comparison.ts";
import { comparisonText } from "../calibrate/compare/comparison_text.ts";
import { COMPARED_METHODS, type ComparedMethod, selectMethods } from "../calibrate/compare/methods.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { evaluate } from "../calibrate/evaluate.ts";
import { floatModel } from "../calibrate/float_model.ts";
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
  const { rows, samples: evaluated, network } = await compareMethods(graph, {
    ...SMALL,
    methods,
    take: ({ method, bundle }) => void bundles.set(method, bundle),
  });
  assertEquals([network, evaluated, rows.length], ["network", 64, 6]);
  const { data, samples, preprocessing } = SMALL;
  const float = await floatModel(graph, SMALL.preprocessing);
  for (const { name, settings, accuracy, divergence, sqnr, same, bundleBytes } of rows) {
    const { bundle } = await calibrate(graph, { ...settings, data, samples, preprocessing });
    assertEquals(bundles.get(name), bundle, name);
    assertEquals(bundleBytes, bundle.length);
    const dataset = await openDataset(SMALL.evaluation, {
      inputShape: [1, 3, 48, 48],
      labels: SMALL.labels,
      preprocessing,
    });
    const evaluation = await evaluate(await Model.load(bundle), dataset, { float });
    const { top1, top5, standardErrors } = evaluation;
    assertEquals([accuracy!.top1, accuracy!.top5], [
      { mean: top1!, deviation: null, standardError: standardErrors!.top1 },
      { mean: top5!, deviation: null, standardError: standardErrors!.top5 },
    ]);
    assertEquals(accuracy!.difference, { ...evaluation.difference!, deviation: null });
    const { fidelity } = evaluation;
    assertEquals(
      [divergence, sqnr, same],
      [fidelity!.divergence, fidelity!.sqnr, fidelity!.same].map((one) => ({ ...one!, deviation: null })),
    );
  }
  const divergences = rows.map(({ divergence }) => divergence!.mean);
  assertEquals(divergences, divergences.toSorted((a, b) => a - b));
});

Deno.test("Rows do not depend on the number of workers or on what else is compared", async () => {
  const graph = await demoNetwork();
  const methods = named("per-channel+minmax+moments", "per-channel+minmax+lsq", "per-channel+default+minmax");
  const all = await compareMethods(graph, { ...SMALL, methods });
  assertEquals(await compareMethods(graph, { ...SMALL, methods, threads: 2 }), all);
  const [alone] = (await compareMethods(graph, { ...SMALL, methods: [methods[1]] })).rows;
  assertEquals(alone, all.rows.find(({ name }) => name === alone.name));
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
  assertEquals(await runs([...off, ...corrected, "per-channel+default+no-float"]), evaluated + 2 * 8);
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
  assert(row.sqnr!.deviation! > 0);
  const { rows: [first] } = await compareMethods(graph, { ...SMALL, methods });
  assert(first.sqnr!.deviation === null && first.sqnr!.mean !== row.sqnr!.mean);
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
      rows.map(({ name }) => name).sort(),
      COMPARED_METHODS.map(({ name }) => name).filter((name) => !/\bin-float/.test(name)).sort(),
    );
    for (const { name, accuracy, sqnr } of rows) {
      assert(Math.abs(accuracy!.top1.mean - float!.top1) < 0.2 && sqnr!.mean > 15, `${name}: ${sqnr!.mean} dB`);
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

/** Scores of samples whose outputs have an energy of 100 each and share an error evenly. */
function score(ranks: number[], noise: number, bundleBytes = 9): RowScore {
  const fidelity = ranks.map(() => ({
    signal: 100,
    noise: noise / ranks.length,
    divergence: noise / 1000,
    same: true,
  }));
  return { ranks, fidelity, bundleBytes };
}

Deno.test("The difference to float is paired: samples that both get right or wrong add nothing to its error", () => {
  const float = [0, 0, 0, 0, 7, 7, 7, 7];
  const same = summarise(ROW, [score([0, 0, 0, 0, 1, 2, 3, 9], 8)], float);
  assertEquals(same.accuracy!.difference, { mean: 0, deviation: null, standardError: 0 });
  const { top1, top5 } = same.accuracy!;
  assertEquals([top1.mean, top1.deviation, top5.mean, top5.deviation], [0.5, null, 0.875, null]);
  assertAlmostEquals(top1.standardError!, Math.sqrt(0.5 * 0.5 / 7), 1e-12);
  assertAlmostEquals(same.sqnr!.mean, 20, 1e-12);
  const other = summarise(ROW, [score([0, 0, 0, 3, 0, 0, 7, 7], 1)], float).accuracy!;
  assertEquals(other.difference.mean, 1 / 8);
  // -1, 1, 1 and five zeros: squares 3 - 8 / 64, over 7 and 8.
  assertAlmostEquals(other.difference.standardError!, Math.sqrt((3 - 1 / 8) / 7 / 8), 1e-12);
  const two = summarise(ROW, [score([0, 0, 0, 0, 7, 7, 7, 7], 8), score([1, 1, 0, 0, 7, 7, 7, 7], 800, 12)], float);
  assertEquals([two.accuracy!.top1.mean, two.accuracy!.difference.mean, two.bundleBytes], [0.375, -0.125, 12]);
  assertAlmostEquals(two.accuracy!.top1.deviation!, Math.sqrt(2 * 0.125 ** 2), 1e-12);
  assertAlmostEquals(two.sqnr!.mean, 10, 1e-12);
  assertAlmostEquals(two.sqnr!.deviation!, Math.sqrt(200), 1e-9);
  const exact = summarise(ROW, [score(float, 0)], undefined);
  assertEquals([exact.sqnr, exact.accuracy, exact.divergence!.mean], [null, undefined, 0]);
});

Deno.test("The text shows figures with their errors, deviations over subsets, and differences with a sign", () => {
  const rows = [[0, 0, 0, 5], [0, 0, 5, 5]].map((ranks, index) =>
    summarise({ ...ROW, name: `row ${index}` }, [score(ranks, index === 0 ? 4 : 0, 2400)], [0, 0, 5, 5])
  );
  const comparison = { network: "n", calibration: { subsets: 1, samples: 9 }, samples: 4, rows };
  const lines = (text: string) => text.split("\n").map((line) => line.replace(/ {2,}/g, " | "));
  const float = accuracyOf([0, 0, 5, 5]);
  assertEquals(lines(comparisonText({ ...comparison, float })).slice(2), [
    " | 50.00 | float32",
    "0.00400 ± 0.00000 | 20.0 ± 0.0 | 100.0 ± 0.0 | 75.00 | +25.0 ± 25.0 | 2 | row 0",
    "0.00000 ± 0.00000 | – | 100.0 ± 0.0 | 50.00 | 0.0 ± 0.0 | 2 | row 1",
    "",
    "Calibrated on 9 samples, evaluated on 4; figures ± standard errors over the latter.",
    "KL: mean divergence of the classes' probabilities from the float network's. Same: of the class that it says.",
    "The float network's top-1 is 50.00 ± 28.87 %, its top-5 50.00 ± 28.87 %. Less float: each sample compared with itself.",
  ]);
  const plain = lines(comparisonText(comparison));
  assertEquals(plain[2], "0.00400 ± 0.00000 | 20.0 ± 0.0 | 100.0 ± 0.0 | 2 | row 0");
  const several = { ...rows[0], divergence: { mean: 0.5, deviation: 0.01, standardError: 0.3 } };
  several.accuracy!.difference = { mean: -1e-4, deviation: 0.02, standardError: 0.01 };
  const text = comparisonText({ ...comparison, float, calibration: { subsets: 3, samples: 9 }, rows: [several] });
  assert(text.includes("0.50000 ± 0.01000") && text.includes("  0.0 ± 2.0  "));
  assert(text.includes("Calibrated on 3 subsets of 9 samples, evaluated on 4; means ± standard deviations over the"));
});

Deno.test("Lines of the text fit a hundred columns, also with the longest names of the usual methods", () => {
  const rows = selectMethods(["per-channel+default+no-equalize"]).map(({ name }) =>
    summarise({ ...ROW, name }, [score([0, 0, 0, 5], 4, 51_300_000)], [5, 5, 0, 0])
  );
  const comparison = { network: "n", calibration: { subsets: 1, samples: 100 }, samples: 4, rows };
  const [head, , , line] = comparisonText({ ...comparison, float: accuracyOf([5, 5, 0, 0]) }).split("\n");
  assert(head.length <= 100 && line.length <= 105, line);
});

Deno.test("Rows are sorted by divergence, by SQNR where there are no classes, and last where they are not finite", () => {
  const row = (divergence: number | null, noise: number) => {
    const fidelity = [1, 2].map(() => ({ signal: 100, noise, divergence, same: true }));
    return summarise(
      { ...ROW, name: `${divergence} ${noise}` },
      [{ ranks: [0, 0], fidelity, bundleBytes: 9 }],
      undefined,
    );
  };
  const sorted = (rows: ComparedRow[]) => rows.sort(byFidelity).map(({ name }) => name);
  assertEquals(sorted([row(NaN, NaN), row(0.2, 1), row(0.1, 2), row(0, 0)]), ["0 0", "0.1 2", "0.2 1", "NaN NaN"]);
  assertEquals(sorted([row(null, NaN), row(null, 3), row(null, 0), row(null, 1)]), [
    "null 0",
    "null 1",
    "null 3",
    "null NaN",
  ]);
});

Deno.test("Without labels methods are compared with the float network alone", async () => {
  const graph = await demoNetwork();
  const { labels: _, ...unlabelled } = SMALL;
  const { rows, float } = await compareMethods(graph, {
    ...unlabelled,
    methods: named("per-tensor+minmax+no-usp", "per-channel+qmse+moments"),
  });
  assertEquals([float, rows[0].accuracy, rows[0].name], [undefined, undefined, "per-channel+qmse+moments"]);
  assert(rows[0].divergence!.mean < rows[1].divergence!.mean);
});

Deno.test("A number of subsets that is none is refused", async () => {
  const graph = await demoNetwork();
  await assertRejects(() => compareMethods(graph, { ...SMALL, repeats: 0.5 }), RangeError, "got 0.5");
});
