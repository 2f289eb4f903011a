import { assert, assertAlmostEquals, assertEquals, assertLess, assertMatch } from "@std/assert";
import { fileURLToPath, pathToFileURL } from "node:url";
import { calibrate, type CalibrationOptions, type CalibrationResult } from "../calibrate/calibrate.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { splitError, thresholdCurve } from "../calibrate/report/threshold_curve.ts";
import { worstSamples } from "../calibrate/report/worst_samples.ts";
import type { Graph, Node } from "../calibrate/graph/graph.ts";
import { createHistogram, observe } from "../calibrate/observe/histogram.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { reportPage } from "../calibrate/report/page/report_page.ts";
import { minMaxGrid } from "../calibrate/scales/min_max.ts";
import { qmseGrid } from "../calibrate/scales/qmse.ts";
import { scoreGrid } from "../calibrate/scales/score.ts";
import { overflowOf, saveScreenshot, testInBrowser, visit } from "./support/browser.ts";
import { DEMO, DEMO_PREPROCESSING } from "./support/demo_bundle.ts";
import { normal, random } from "./support/random.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

const path = (name: string) => fileURLToPath(new URL(name, DEMO));
const DEMO_OPTIONS: CalibrationOptions = {
  data: path("calibration_images.npy"),
  labels: path("calibration_labels.npy"),
  samples: 16,
  preprocessing: DEMO_PREPROCESSING,
  details: true,
};
const EVIL = `</style><script>alert("1")</script>'&\u202e`;

async function demoNetwork(): Promise<Graph> {
  return importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "network" });
}

function pageOf({ report, details }: CalibrationResult, classes?: string[]): string {
  return reportPage(report, details!, { floatBytes: 314_000, ...(classes && { classes }) });
}

/** Calibrates a chain of pointwise convolutions on random samples. */
async function calibrateDeep(layers: number): Promise<CalibrationResult> {
  const draw = random(5);
  const names = Array.from({ length: layers }, (_, index) => `block${index}/a long name of a convolution/Conv`);
  const graph = makeGraph({
    inputs: { x: [1, 4, 6, 6] },
    shapes: {
      image: [1, 6, 6, 4],
      ...Object.fromEntries(names.map((name) => [name, [1, 6, 6, 4]])),
      y: [1, 6, 6, 4],
    },
    nodes: [
      { op: "transpose", inputs: ["x"], output: "image", permutation: [0, 2, 3, 1] },
      ...[...names, "y"].map((output, index): Omit<Node & { op: "convolution" }, "name"> => ({
        op: "convolution",
        inputs: [index === 0 ? "image" : names[index - 1]],
        output,
        weights: Float32Array.from({ length: 16 }, (_, place) => (place % 5 === 0 ? 1 : 0) + normal(draw) * 0.05),
        weightShape: [4, 4, 1, 1],
        bias: new Float32Array(4),
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        groups: 1,
        activation: { kind: "identity" },
      })),
    ],
  });
  for (const node of graph.nodes) node.name = node.output;
  const folder = await Deno.makeTempDir();
  try {
    const samples = Float32Array.from({ length: 8 * 144 }, () => normal(draw));
    await Deno.writeFile(`${folder}/x.npy`, writeNpy([8, 4, 6, 6], samples));
    return await calibrate(graph, { data: `${folder}/x.npy`, details: true, keepFloat: 0 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

let deep: Promise<string> | undefined;

/** The page of a network of 201 layers; made once. */
function deepPage(): Promise<string> {
  return deep ??= calibrateDeep(200).then((result) => pageOf(result));
}

Deno.test("Collecting for a page leaves the bundle as it is, and nothing is collected unless asked for", async () => {
  const graph = await demoNetwork();
  const plain = await calibrate(graph, { ...DEMO_OPTIONS, details: false });
  assertEquals(plain.details, undefined);
  const { bundle, report, details } = await calibrate(graph, { ...DEMO_OPTIONS, threads: 2 });
  assertEquals(bundle, plain.bundle);
  assertEquals(report, plain.report);
  const { costs, tensors, shifts, worst } = details!;
  assertEquals(costs.length, report.layers.length);
  assert(costs.reduce((sum, { bytes }) => sum + bytes, 0) < bundle.length);
  assert(tensors.length > 10 && shifts.length > 10 && worst.length > 0);
  assertEquals([...worst[0].picture!.subarray(1, 4)], [0x50, 0x4e, 0x47]);
  assertEquals(worst[0].label !== undefined, true);
});

Deno.test("USP brings the means of channels back to the float network's", async () => {
  const { details } = await calibrate(await demoNetwork(), { ...DEMO_OPTIONS, weights: "per-tensor", samples: 64 });
  const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
  const before = details!.shifts.map(({ before }) => largest(before.means));
  const after = details!.shifts.map(({ after }) => largest(after.means));
  const better = before.filter((shift, layer) => after[layer] < shift).length;
  assert(better >= before.length * 0.8, `${better} of ${before.length} layers`);
  assertEquals(details!.shifts[0].before.means, details!.shifts[0].before.means.toSorted((a, b) => a - b));
});

Deno.test("Rounding and clipping add up to the error of a grid, and the chosen point lies on the curve's floor", () => {
  const draw = random(9);
  const histogram = createHistogram();
  observe(histogram, Float32Array.from({ length: 20000 }, () => normal(draw) ** 3), "x");
  const chosen = qmseGrid(histogram);
  for (const grid of [chosen, minMaxGrid(histogram)]) {
    const { rounding, clipping } = splitError(histogram, grid);
    assertAlmostEquals(rounding + clipping, scoreGrid(histogram, grid), 1e-12);
  }
  assertEquals(splitError(histogram, minMaxGrid(histogram)).clipping, 0);
  assert(splitError(histogram, chosen).clipping > 0);
  const least = scoreGrid(histogram, chosen);
  const curve = thresholdCurve(histogram, chosen);
  assert(curve.every(({ rounding, clipping }) => rounding + clipping >= least * 0.999));
  assertAlmostEquals(Math.min(...curve.map(({ rounding, clipping }) => rounding + clipping)), least, least * 0.2);
  assertEquals(thresholdCurve(createHistogram(), chosen), []);
});

Deno.test("The worst samples are those that turn wrong, then those whose class changes, then the noisiest", () => {
  const samples = [
    { sample: 0, sqnr: 3, float: 1, quantized: 1, label: 1 },
    { sample: 1, sqnr: 30, float: 1, quantized: 2, label: 2 },
    { sample: 2, sqnr: 20, float: 1, quantized: 2, label: 1 },
    { sample: 3, sqnr: null, float: 1, quantized: 1, label: 1 },
    { sample: 4, sqnr: 2, float: 1, quantized: 1, label: 3 },
  ];
  assertEquals(worstSamples(samples).map(({ sample }) => sample), [2, 1, 4, 0, 3]);
});

Deno.test("Names of the network and of the classes are text on a page, which forbids scripts and requests", async () => {
  const graph = await demoNetwork();
  graph.name = EVIL;
  for (const node of graph.nodes) node.name = `${node.name}${EVIL}`;
  const page = pageOf(await calibrate(graph, DEMO_OPTIONS), Array.from({ length: 16 }, () => EVIL));
  assertEquals(page.match(/<script|<\/style>|\u202e/g), ["</style>"]);
  assert(page.includes("&lt;script&gt;alert(&quot;1&quot;)"));
  assertMatch(page, /content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/);
  assertEquals(page.match(/(src|href)="(?!data:)[^"]*"/g), null);
});

Deno.test("A page is written without labels, USP or images, of all methods and of 4-bit weights", async () => {
  const graph = await demoNetwork();
  const { labels: _, ...unlabelled } = DEMO_OPTIONS;
  for (
    const settings of [
      { usp: "off", scales: "minmax", weights: "per-tensor" },
      { weightBits: 4, targetDrop: 50 },
      { keepFloat: 2, scales: "entropy" },
    ] as const
  ) {
    const page = pageOf(await calibrate(graph, { ...unlabelled, ...settings }));
    assert(page.includes("Same class as the float network") && !page.includes("Top-1 on the"));
    assertMatch(page, /KL divergence from [^<]*<\/dt><dd class="large">0\.\d{5}<\/dd><dd class="small">± 0\.\d{5}; /);
    assertEquals(page.includes(" without USP; on 16 calibration samples"), !("usp" in settings));
    assertEquals(/NaN|undefined|Infinity/.test(page.replace(/base64,[^"]*/g, "")), false);
    assertEquals(page.includes("Layers of more precision"), "keepFloat" in settings);
  }
});

Deno.test("A page of 200 layers stays small", async () => {
  const page = await deepPage();
  assertLess(page.length, 6e6);
  assertEquals(page.match(/<details/g)!.length, 2 * 201);
  assert(page.includes("SQNR of the output") && !page.includes("KL divergence"), "its outputs are no classes");
});

testInBrowser("Pages fit windows and phones, light and dark, and ask for nothing", async (browser) => {
  const folder = await Deno.makeTempDir();
  try {
    const demo = await calibrate(await demoNetwork(), { ...DEMO_OPTIONS, keepFloat: 1 });
    const pages = { demo: pageOf(demo), deep: await deepPage() };
    for (const [name, page] of Object.entries(pages)) {
      await Deno.writeTextFile(`${folder}/${name}.html`, page);
      for (const width of [1280, 390]) {
        for (const scheme of ["light", "dark"] as const) {
          const address = pathToFileURL(`${folder}/${name}.html`);
          await visit(browser, address, { width, scheme }, async ({ page, errors, requests }) => {
            assertEquals([await overflowOf(page), errors, requests], [0, [], []], `${name} ${width} ${scheme}`);
            const shown = "[...document.querySelectorAll('details[open] svg')].every((plot) => plot.clientWidth > 300)";
            assertEquals(await page.evaluate(shown), true);
            await saveScreenshot(page, `report-${name}-${width}-${scheme}`, name === "demo");
          });
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
