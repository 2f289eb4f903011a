import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { createHistogram, observe } from "../calibrate/observe/histogram.ts";
import { chooseGrid } from "../calibrate/quantize/choose_grid.ts";
import type { ScaleMethod } from "../calibrate/settings.ts";
import { minMaxGrid } from "../calibrate/scales/min_max.ts";
import { qmseGrid } from "../calibrate/scales/qmse.ts";
import { exponential, laplace, random, sample } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const METHODS: readonly ScaleMethod[] = ["qmse", "minmax", "percentile", "entropy"];

Deno.test("A grid is chosen by the method that was asked for, and by min-max where QMSE does worse on raw values", () => {
  const draw = random(303);
  const histogram = createHistogram();
  observe(histogram, sample(4000, () => laplace(draw)), "x");
  const raw = new Float32Array(0);
  for (const method of METHODS) assertEquals(chooseGrid({ histogram, raw }, method).method, method);
  assert(qmseGrid(histogram).scale < minMaxGrid(histogram).scale);
  const ends = Float32Array.of(histogram.min, histogram.max);
  assertEquals(chooseGrid({ histogram, raw: ends }, "qmse"), { grid: minMaxGrid(histogram), method: "minmax" });
  for (const method of METHODS) {
    const { grid } = chooseGrid({ histogram, raw }, method);
    if (method !== "qmse") assertEquals(chooseGrid({ histogram, raw: ends }, method), { grid, method });
  }
});

Deno.test("The report names min-max where QMSE gave way to it", async () => {
  const draw = random(6);
  // Thirds up to five, of which min-max represents every one: in the histogram they look like any values.
  const thirds = sample(4 * 192, () => Math.min(5, Math.floor(exponential(draw) / 2)) / 3);
  thirds[7] = 5 / 3;
  const smooth = sample(100 * 192, () => exponential(draw));
  const graph = makeGraph({
    inputs: { x: [1, 3, 8, 8] },
    shapes: { image: [1, 8, 8, 3], y: [1, 8, 8, 2] },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      {
        op: "convolution",
        inputs: ["image"],
        output: "y",
        weights: draw.f32(6),
        weightShape: [2, 3, 1, 1],
        bias: new Float32Array(2),
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        groups: 1,
        activation: { kind: "identity" },
      },
    ],
  });
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    for (const [data, scale] of [[thirds, "minmax"], [smooth, "qmse"]] as const) {
      await Deno.writeFile(path, writeNpy([data.length / 192, 3, 8, 8], data));
      const { report } = await calibrate(graph, { data: path });
      assertEquals(report.layers[0].scale, scale);
    }
  } finally {
    await Deno.remove(path);
  }
});
