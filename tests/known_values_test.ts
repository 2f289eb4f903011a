import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import type { Node } from "../calibrate/graph/graph.ts";
import { createHistogram, observe } from "../calibrate/observe/histogram.ts";
import { observeKnown } from "../calibrate/quantize/known_values.ts";
import type { CalibrationReport, LayerReport } from "../calibrate/report/report.ts";
import type { CalibrationSettings } from "../calibrate/settings.ts";
import { random } from "./support/random.ts";
import { type GraphParts, makeGraph } from "./support/tiny_bundle.ts";

const CHANNELS = 4;

/** Calibrates a network on eight samples of [8, 8, 4] from 0 to 1. */
async function report(parts: GraphParts, settings: Partial<CalibrationSettings> = {}): Promise<CalibrationReport> {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    const data = random(7).f32(8 * 64 * CHANNELS, 0, 1);
    await Deno.writeFile(path, writeNpy([8, 8, 8, CHANNELS], data));
    return (await calibrate(makeGraph(parts), { data: path, keepFloat: 0, ...settings })).report;
  } finally {
    await Deno.remove(path);
  }
}

function rowOf({ layers }: CalibrationReport, name: string): LayerReport {
  return layers.find((layer) => layer.name === name)!;
}

/** A 1x1 convolution to two channels, so that what is before it is needed in 8 bits. */
function lastLayer(input: string, channels = CHANNELS): GraphParts["nodes"][number] {
  return {
    op: "convolution",
    inputs: [input],
    output: "y",
    weights: random(2).f32(2 * channels, -0.5, 0.5),
    weightShape: [2, channels, 1, 1],
    bias: new Float32Array(2),
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0, 0, 0],
    groups: 1,
    activation: { kind: "identity" },
  };
}

function padded(value: number, before: Node[] = []): GraphParts {
  const input = before.at(-1)?.output ?? "x";
  return {
    inputs: { x: [1, 8, 8, CHANNELS] },
    shapes: { s: [1, 8, 8, CHANNELS], p: [1, 10, 10, CHANNELS], y: [1, 10, 10, 2] },
    nodes: [
      ...before,
      { op: "pad", inputs: [input], output: "p", before: [0, 1, 1, 0], after: [0, 1, 1, 0], value },
      lastLayer("p"),
    ],
  };
}

for (const scales of ["qmse", "minmax", "percentile"] as const) {
  for (const value of [5, -3]) {
    Deno.test(`Padding with ${value} is part of what ${scales} represents`, async () => {
      const row = rowOf(await report(padded(value), { scales, usp: "off" }), "p");
      assertEquals(row.scale, scales);
      assert(row.clipped < 0.01, `${row.clipped} clipped`);
      assertGreater(row.sqnrBefore!, 40);
    });
  }
}

Deno.test("Padding beyond a function's own range ends its fixed scale, padding with 0 does not", async () => {
  const sigmoid: Node = { op: "activation", name: "s", inputs: ["x"], output: "s", activation: { kind: "sigmoid" } };
  const two = rowOf(await report(padded(2, [sigmoid])), "p");
  assertEquals(two.scale, "qmse");
  assertGreater(two.sqnrBefore!, 40);
  assertEquals(rowOf(await report(padded(0, [sigmoid])), "p").scale, "fixed");
});

Deno.test("Padding that stands for nothing, as before a maximum, leaves the scale alone", async () => {
  const pool: GraphParts["nodes"][number] = {
    op: "pool",
    inputs: ["p"],
    output: "m",
    reduction: "max",
    kernel: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0, 0, 0],
    countIncludePad: false,
  };
  const { nodes: [pad], inputs } = padded(-3.4e38);
  const result = await report({
    inputs,
    shapes: { p: [1, 10, 10, CHANNELS], m: [1, 8, 8, CHANNELS], y: [1, 8, 8, 2] },
    nodes: [pad, pool, lastLayer("m")],
  }, { usp: "off" });
  assertGreater(rowOf(result, "m").sqnrBefore!, 40);
});

function joined(constant: Float32Array, settings: Partial<CalibrationSettings> = {}): Promise<CalibrationReport> {
  return report({
    inputs: { x: [1, 8, 8, CHANNELS] },
    shapes: { j: [1, 8, 8, CHANNELS + 1], y: [1, 8, 8, 2] },
    constants: { c: { shape: [1, 8, 8, 1], data: constant } },
    nodes: [{ op: "concat", inputs: ["x", "c"], output: "j", axis: 3 }, lastLayer("j", CHANNELS + 1)],
  }, { usp: "off", ...settings });
}

for (const scales of ["qmse", "minmax", "percentile", "entropy"] as const) {
  Deno.test(`A constant that is joined to a value is part of what ${scales} represents`, async () => {
    const row = rowOf(await joined(random(5).f32(64, -4, 4), { scales }), "j");
    assert(row.clipped < 0.02, `${row.clipped} clipped`);
    assertGreater(row.sqnrBefore!, 25);
  });
}

Deno.test("Known elements count in every sample as often as they are there", () => {
  const histogram = createHistogram();
  observe(histogram, random(1).f32(600), "x");
  const beside = { observation: { histogram, raw: new Float32Array(300) }, elements: 60 };
  const { histogram: { count, zeros, positive, negative, exponent }, raw } = observeKnown(
    { name: "c", data: Float32Array.of(-3, 0, 0, 0.5, 2), repeats: 4 },
    beside,
  );
  const sum = (side: Float64Array) => side.reduce((total, value) => total + value, 0);
  assertEquals([count, zeros, sum(positive), sum(negative)], [200, 80, 80, 40]);
  assertEquals(negative[3 * 2 ** -exponent!], 40);
  assertEquals(raw.length, 100);
  for (const value of [-3, 0.5, 2]) assertEquals(raw.filter((element) => element === value).length, 20);
});

Deno.test("A constant without a finite number in 8 bits is refused by name", async () => {
  const constant = new Float32Array(64);
  constant[3] = Infinity;
  await assertRejects(() => joined(constant), RangeError, 'Constant "c" is Infinity at index 3');
});
