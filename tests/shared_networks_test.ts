import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { evaluate, type Evaluation } from "../calibrate/evaluate.ts";
import { floatModel } from "../calibrate/float_model.ts";
import type { Graph } from "../calibrate/graph/graph.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { decodeImage } from "../image/decode_image.ts";
import { Model } from "../runtime/model.ts";
import { prepareImage, type Preprocessing } from "../runtime/preprocessing.ts";

const SHARED = new URL("../../shared/", import.meta.url);
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

interface Network {
  model: URL;
  /** Folder of its images. */
  data: URL;
  preprocessing: Preprocessing;
}

const MOBILENET: Network = {
  model: new URL("models/mobilenetv1_025.onnx", SHARED),
  data: new URL("data/imagenet-sample/", SHARED),
  preprocessing: { resize: 256, crop: [224, 224], mean: MEAN, std: STD },
};
const RESNET: Network = {
  model: new URL("models/resnet20_cifar.onnx", SHARED),
  data: new URL("data/cifar10/", SHARED),
  preprocessing: { crop: [32, 32], mean: MEAN, std: STD },
};

function isFile(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

function testOn({ model, data }: Network, name: string, fn: () => Promise<void>): void {
  const missing = [model, new URL("dev_images.npy", data)].find((url) => !isFile(url));
  if (missing) console.log(`Skipped, because there is no ${missing.pathname}: ${name}`);
  Deno.test({ name, ignore: missing !== undefined, fn });
}

async function readGraph({ model }: Network): Promise<Graph> {
  return importOnnx(await Deno.readFile(model), { name: "network" });
}

/** Accuracy and fidelity on the images that calibration does not see. */
async function evaluateOn({ data, preprocessing }: Network, model: Model, graph: Graph): Promise<Evaluation> {
  const dataset = await openDataset(new URL("dev_images.npy", data).pathname, {
    inputShape: graph.inputs[0].shape,
    labels: new URL("dev_labels.npy", data).pathname,
    preprocessing,
  });
  return await evaluate(model, dataset, { float: await floatModel(graph, preprocessing) });
}

interface Outcome {
  seconds: number;
  bundleShare: number;
  accuracy: Evaluation;
}

async function calibrateOn(network: Network, options: Partial<CalibrationOptions>): Promise<Outcome> {
  const graph = await readGraph(network);
  const start = performance.now();
  const { bundle } = await calibrate(graph, {
    data: new URL("calibration_images.npy", network.data).pathname,
    preprocessing: network.preprocessing,
    ...options,
  });
  const seconds = (performance.now() - start) / 1000;
  const accuracy = await evaluateOn(network, await Model.load(bundle), graph);
  return { seconds, bundleShare: bundle.length / (await Deno.stat(network.model)).size, accuracy };
}

testOn(MOBILENET, "the float MobileNet has the accuracy that PyTorch measured", async () => {
  const graph = await readGraph(MOBILENET);
  const accuracy = await evaluateOn(MOBILENET, await floatModel(graph, MOBILENET.preprocessing), graph);
  assertEquals(accuracy.samples, 400);
  assertEquals(accuracy.fidelity!.divergence!.mean, 0);
  assertAlmostEquals(accuracy.top1, 0.52, 1e-9);
  assertAlmostEquals(accuracy.top5, 0.745, 1e-9);
});

/** Asserts that the classes' probabilities diverge from the float network's by no more than a limit. */
function assertNear({ fidelity }: Evaluation, limit: number): void {
  const { mean, standardError } = fidelity!.divergence!;
  assert(mean <= limit, `divergence ${mean} ± ${standardError}`);
}

testOn(MOBILENET, "MobileNet with scales per channel keeps 51 % in 27 % of the bytes, in a minute", async () => {
  const { seconds, bundleShare, accuracy } = await calibrateOn(MOBILENET, {});
  assertEquals(accuracy.samples, 400);
  assertNear(accuracy, 0.011);
  assert(accuracy.top1! >= 0.51, `top-1 ${accuracy.top1}`);
  assert(bundleShare <= 0.27, `${bundleShare} of the bytes`);
  assert(seconds <= 60, `${seconds} s`);
});

testOn(MOBILENET, "MobileNet with scales per tensor keeps 50 % in 27 % of the bytes", async () => {
  const { bundleShare, accuracy } = await calibrateOn(MOBILENET, { weights: "per-tensor" });
  assertNear(accuracy, 0.015);
  assert(accuracy.top1! >= 0.5, `top-1 ${accuracy.top1}`);
  assert(bundleShare <= 0.27, `${bundleShare} of the bytes`);
});

testOn(RESNET, "ResNet-20 keeps 90.7 %", async () => {
  const { accuracy } = await calibrateOn(RESNET, {});
  assertEquals(accuracy.samples, 500);
  assertNear(accuracy, 0.002);
  assert(accuracy.top1! >= 0.907, `top-1 ${accuracy.top1}`);
});

testOn(MOBILENET, "JPEG files get the class that their prepared pixels get", async () => {
  const graph = await readGraph(MOBILENET);
  const { preprocessing, data } = MOBILENET;
  const files = new URL("jpeg/", data);
  const resizing = await floatModel(graph, preprocessing);
  const prepared = await floatModel(graph, { crop: preprocessing.crop, mean: MEAN, std: STD });
  const classes = (await Deno.readTextFile(new URL("classes.txt", data))).trim().split("\n");
  const images = readNpy(await Deno.readFile(new URL("dev_images.npy", data)), "dev_images.npy").data as Uint8Array;
  const labels = readNpy(await Deno.readFile(new URL("dev_labels.npy", data)), "dev_labels.npy").data as Int32Array;
  const length = 224 * 224 * 3;

  const names = Array.from(Deno.readDirSync(files), ({ name }) => name).sort();
  assertEquals(names.length, 40);
  let [near, same, alike] = [0, 0, 0];
  for (const name of names) {
    const word = name.slice(name.indexOf("_") + 1, name.lastIndexOf(".")).replaceAll("_", " ");
    const image = await decodeImage(await Deno.readFile(new URL(name, files)));
    const pixels = prepareImage(image, preprocessing);
    const rows = Array.from(labels.keys()).filter((row) => classes[labels[row]].toLowerCase() === word.toLowerCase())
      .map((row) => images.subarray(row * length, (row + 1) * length))
      .sort((a, b) => distance(a, pixels) - distance(b, pixels));
    assert(rows.length > 0, `${name} is of no class of the images`);
    const [nearest] = rows;
    if (!isCutAlike(image)) continue;
    alike++;
    if (distance(nearest, pixels) < length) near++;
    const [expected] = prepared.classify({ data: nearest, height: 224, width: 224, channels: 3 }, { top: 1 });
    if (resizing.classify(image, { top: 1 })[0].index === expected.index) same++;
  }
  assertEquals(alike, 25);
  assert(near >= 22, `${near} of ${alike} are within one step of 255 from their row`);
  assert(same >= 23, `${same} of ${alike} have the same class`);
});

/**
 * Whether torchvision cuts an image where the rows of the .npy file were cut, for which the longer side was rounded and
 * half of an odd margin too.
 */
function isCutAlike({ height, width }: { height: number; width: number }): boolean {
  const long = 256 * Math.max(height, width) / Math.min(height, width);
  const margin = Math.trunc(long) - 224;
  return Math.round(long) === Math.trunc(long) && (margin % 2 === 0 || margin % 4 === 1);
}

/** Sum of absolute differences. */
function distance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index] - b[index]);
  return sum;
}
