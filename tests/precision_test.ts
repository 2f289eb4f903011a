import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { calibrate, type CalibrationOptions, type CalibrationResult } from "../calibrate/calibrate.ts";
import { floatModel } from "../calibrate/float_model.ts";
import { describeBundle } from "../calibrate/inspect/describe_bundle.ts";
import { bundleText, shortened } from "../calibrate/inspect/description_text.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { layersOf } from "../calibrate/graph/layers.ts";
import { reportText } from "../calibrate/report/report_text.ts";
import { completeSettings } from "../calibrate/settings.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { Model } from "../runtime/model.ts";
import { DEMO, DEMO_PREPROCESSING } from "./support/demo_bundle.ts";
import { randomPixels } from "./support/images.ts";

const path = (name: string) => fileURLToPath(new URL(name, DEMO));
const DATA = path("calibration_images.npy");
const LABELS = path("calibration_labels.npy");
/** What loses most on the demo network. */
const POOR: Partial<CalibrationOptions> = {
  weights: "per-tensor",
  scales: "minmax",
  usp: "off",
  equalize: false,
  precision: "fast",
};

async function demoNetwork(): Promise<Graph> {
  return importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "network" });
}

async function run(options: Partial<CalibrationOptions>): Promise<CalibrationResult> {
  const defaults = { data: DATA, samples: 16, preprocessing: DEMO_PREPROCESSING };
  return await calibrate(await demoNetwork(), { ...defaults, ...options });
}

/** SQNR in dB of a report's last layer, the network's output. */
function outputOf({ report }: CalibrationResult): number {
  return report.layers.at(-1)!.sqnrAfter!;
}

Deno.test("The layers kept in float are those without whose quantisation the output is best, and it gets better", async () => {
  const none = await run(POOR);
  assertEquals(none.report.precision, undefined);
  assertMatch(bundleText(describeBundle(await readBundle(none.bundle))), /^Layers in float32 +none$/m);
  let before = outputOf(none);
  for (const keepFloat of [1, 4]) {
    const result = await run({ ...POOR, keepFloat });
    const { kept, ranking, sqnr, bytes, time } = result.report.precision!;
    assertEquals(kept.map(({ name }) => name), ranking.slice(0, keepFloat).map(({ name }) => name));
    const values = ranking.map(({ sqnr }) => sqnr!);
    assertEquals(values, values.toSorted((a, b) => b - a));
    assert(values[0] > sqnr! + 1, `${values[0]} dB after ${sqnr}`);
    assert(outputOf(result) > before, `${outputOf(result)} dB after ${before}`);
    before = outputOf(result);

    const { program } = await readBundle(result.bundle);
    const floats = program.steps.filter(({ kernel }) => ["convolution_f32", "depthwise_f32"].includes(kernel));
    assertEquals(floats.map(({ name }) => name).toSorted(), kept.map(({ name }) => name).toSorted());
    assert(program.calibration!.methods.includes(`${keepFloat} layer`), program.calibration!.methods);
    const described = describeBundle(await readBundle(result.bundle));
    const inspected = described.layers.filter(({ floatWeights }) => floatWeights).map(({ name }) => name);
    assertEquals(inspected.toSorted(), kept.map(({ name }) => name).toSorted());
    const text = bundleText(described);
    assert(inspected.every((name) => text.includes(shortened(name))) && /^Layers in float32 +\S/m.test(text), text);
    for (const layer of kept) {
      assert(layer.bytes > 0 && Number.isFinite(layer.time));
      assertAlmostEquals(layer.gain!, layer.sqnr! - sqnr!, 1e-9);
    }
    const more = bytes.kept - bytes.none;
    assertAlmostEquals(more, kept.reduce((sum, layer) => sum + layer.bytes, 0), 512);
    assertAlmostEquals(result.bundle.length - none.bundle.length, more, 4096);
    assertAlmostEquals(time, kept.reduce((sum, layer) => sum + layer.time, 0), 0.05);
  }
});

Deno.test("The bundle of mixed precision does not depend on the number of workers", async () => {
  for (const options of [{ keepFloat: 3 }, { weightBits: 4, targetDrop: 1, labels: LABELS }] as const) {
    const [one, three] = [await run(options), await run({ ...options, threads: 3 })];
    assertEquals(three.bundle, one.bundle);
    const noted = ({ report }: CalibrationResult) => [report.precision?.ranking, report.drop];
    assertEquals(noted(three), noted(one));
  }
});

Deno.test("A network of which every layer is kept in float gives the float network's output", async () => {
  const network = await demoNetwork();
  const keepFloat = layersOf(network).length;
  const { bundle, report } = await run({ equalize: false, keepFloat });
  assertEquals(report.precision!.kept.length, keepFloat);
  const pixels = randomPixels({ height: 48, width: 48, channels: 3 }, 3).data;
  const [float, mixed] = [await floatModel(network, DEMO_PREPROCESSING), await Model.load(bundle)];
  const [expected] = Object.values(float.runPixels(pixels));
  const [actual] = Object.values(mixed.runPixels(pixels));
  assertEquals(actual, expected);
});

Deno.test("A limit on the loss is kept with as few layers as are tried, and one that is kept anyway costs nothing", async () => {
  const options = { ...POOR, samples: 64, labels: LABELS };
  const plain = await run(options);
  const loss = (plain.report.float!.top1 - plain.report.quantized!.top1) * 100;
  assert(loss > 5, `only ${loss} points are lost`);

  const { report } = await run({ ...options, targetDrop: 2 });
  const { kept } = report.precision!;
  assertEquals(report.drop!.measure, "top-1");
  assertAlmostEquals(report.drop!.points, (report.float!.top1 - report.quantized!.top1) * 100, 1e-9);
  assertLess(report.drop!.points, 2 + 1e-9);
  const fewer = await run({ ...options, keepFloat: kept.length - 1 });
  assert((fewer.report.float!.top1 - fewer.report.quantized!.top1) * 100 > 2);

  const lenient = await run({ ...options, targetDrop: 100 });
  assertEquals(lenient.bundle, plain.bundle);
  assertEquals(lenient.report.precision, undefined);
  assertAlmostEquals(lenient.report.drop!.points, loss, 1e-9);
});

Deno.test("Without labels the loss is the share of samples whose class changes", async () => {
  const { report } = await run({ ...POOR, samples: 64, targetDrop: 3 });
  assertEquals(report.drop!.measure, "changed classes");
  assertLess(report.drop!.points, 3 + 1e-9);
  assert(report.precision!.kept.length > 0);
});

Deno.test("Without a number, layers get more precision as far as the budget goes, and the same ones with any workers", async () => {
  const { precision: _, ...poor } = POOR;
  for (const [precision, share, limit] of [["balanced", 0.01, 0.03], ["best", 0.04, 0.1]] as const) {
    for (const weightBits of [8, 4] as const) {
      const options = { ...poor, precision, weightBits };
      const { bundle, report } = await run(options);
      assertEquals((await run({ ...options, threads: 2 })).bundle, bundle);
      // On so small a network, a hundredth of the bytes is no layer.
      assert(report.precision || precision === "balanced");
      if (!report.precision) continue;
      const { kept, bytes, time, sqnr } = report.precision;
      assert(bytes.kept - bytes.none <= share * bytes.none + 64 * kept.length, `${bytes.kept} after ${bytes.none}`);
      assertLess(time, limit);
      let ratio = sqnr!;
      for (const layer of kept) {
        assertAlmostEquals(layer.gain!, layer.sqnr! - ratio, 1e-9);
        assert(layer.gain! > 0);
        ratio = layer.sqnr!;
      }
      const text = reportText(report, { output: "network.octet", floatBytes: 1 });
      for (const { name, gain, bytes } of kept) {
        const row = text.split("\n").find((line) => line.startsWith(name) && / dB +[+].* [+]/.test(line));
        assert(row?.includes(`+${gain!.toFixed(1)}`) && row.includes(`+${bytes}`), text);
      }
      const { methods } = (await readBundle(bundle)).program.calibration!;
      for (const [word, kind] of [["in", "float32"], ["with", "8-bit weights"]]) {
        const { length } = kept.filter(({ precision }) => precision === kind);
        if (length > 0) assert(methods.includes(`${length} ${length === 1 ? "layer" : "layers"} ${word} ${kind}`));
      }
      assertEquals((await run({ ...options, keepFloat: 0 })).report.precision, undefined);
    }
  }
});

Deno.test("Numbers of float layers and limits on the loss are checked", async () => {
  assertThrows(() => completeSettings({ keepFloat: 1.5 }), RangeError, "keepFloat");
  assertThrows(() => completeSettings({ keepFloat: -1 }), RangeError, "keepFloat");
  for (const targetDrop of [-1, 101, NaN]) {
    assertThrows(() => completeSettings({ targetDrop }), RangeError, "targetDrop");
  }
  assertThrows(() => completeSettings({ keepFloat: 1, targetDrop: 1 }), TypeError, "exclude");
  const { length } = layersOf(await demoNetwork());
  await assertRejects(() => run({ keepFloat: length + 1 }), RangeError, `network "network" has ${length} with weights`);
});
