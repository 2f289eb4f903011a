import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { calibrate } from "../calibrate/calibrate.ts";
import { readNpy } from "../calibrate/dataset/npy.ts";
import { writeNpy } from "../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { evaluate } from "../calibrate/evaluate.ts";
import { floatModel } from "../calibrate/float_model.ts";
import { createChannelMoments } from "../calibrate/observe/channel_moments.ts";
import { addNormalized, distanceFromTraining } from "../calibrate/observe/normalized_moments.ts";
import { trainingWarning, trustIn } from "../calibrate/observe/training_warning.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { Model } from "../runtime/model.ts";
import { DEMO, DEMO_PREPROCESSING } from "./support/demo_bundle.ts";
import { normal, random } from "./support/random.ts";

/** Bytes of an image of the demo. */
const PIXELS = 48 * 48 * 3;
const CHANNELS = 12;
const POSITIONS = 6;

/**
 * Pre-activations of samples whose own means are beta + |gamma| (shift + between x normal number),
 * beside a BatchNormalization of random gamma and beta.
 */
function seen(samples: number, { shift = 0, between = 0.3, seed = 1 } = {}) {
  const draw = random(seed);
  const gamma = draw.f32(CHANNELS, -2, 2);
  const beta = draw.f32(CHANNELS, -3, 3);
  const moments = createChannelMoments(CHANNELS);
  for (let sample = 0; sample < samples; sample++) {
    const means = beta.map((mean, channel) => mean + Math.abs(gamma[channel]) * (shift + between * normal(draw)));
    const values = new Float32Array(POSITIONS * CHANNELS);
    for (let channel = 0; channel < CHANNELS; channel++) {
      for (let position = 0; position < POSITIONS; position++) {
        const side = position % 2 === 0 ? 1 : -1;
        values[position * CHANNELS + channel] = means[channel] + side * Math.abs(gamma[channel]);
      }
    }
    addNormalized(moments, values, { gamma, beta });
  }
  return moments;
}

Deno.test("Samples like those of training are as far from them as chance explains", () => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const samples of [8, 16, 100, 400]) {
      for (const between of [0.1, 1]) {
        const layers = [0, 1, 2, 3].map((layer) => seen(samples, { between, seed: 10 * seed + layer }));
        const distance = distanceFromTraining(layers);
        assert(distance > 0.2 / samples && distance < 4 / samples, `${distance} of ${samples}`);
        assertEquals(trainingWarning(new Map(layers.map((moments, index) => [`${index}`, moments]))), undefined);
      }
    }
  }
});

Deno.test("The distance from training is that of the means, in variances between samples", () => {
  for (const shift of [0.3, -0.6, 1.2]) {
    for (const between of [0.2, 0.5]) {
      const wanted = (shift / between) ** 2;
      const distance = distanceFromTraining([seen(400, { shift, between })]);
      assert(Math.abs(distance / wanted - 1) < 0.25, `${distance} for ${wanted}`);
    }
  }
  const near = distanceFromTraining([seen(100)]);
  const far = distanceFromTraining([seen(100, { shift: 1 })]);
  const mean = distanceFromTraining([seen(100), seen(100, { shift: 1 })]);
  assert(Math.abs(mean - (near + far) / 2) < 1e-12);
});

Deno.test("Samples unlike those of training are told, with the layer where it shows most", () => {
  const layers = new Map([["first", seen(32)], ["second", seen(32, { shift: 1 })], [
    "third",
    seen(32, { shift: 0.5 }),
  ]]);
  assertMatch(
    trainingWarning(layers)!,
    /^Samples look unlike what the network was trained on: .* lie [12]\.\d standard .* by [34]\.\d, those of "second"; /,
  );
  assertEquals(trainingWarning(new Map()), undefined);
});

Deno.test("Too few samples, channels without scale and values without end tell nothing of training", () => {
  assertEquals(distanceFromTraining([seen(7, { shift: 5 })]), 0);
  assertEquals(distanceFromTraining([]), 0);
  const moments = createChannelMoments(3);
  for (let sample = 0; sample < 9; sample++) {
    const units = { gamma: Float32Array.of(0, 1, 1), beta: Float32Array.of(2, 0, 0) };
    addNormalized(moments, Float32Array.of(7, Infinity, sample - 4), units);
  }
  assertEquals(distanceFromTraining([moments]), 0);
  assertEquals(moments.count, 9);
});

/** What becomes of an image. */
type Distortion = (image: Uint8Array) => Uint8Array;

const eachColour = (change: (value: number, index: number) => number): Distortion => (image) => image.map(change);

/** The demo's images as they are, and as no image of its training was. */
const DISTORTIONS: Record<string, { distort: Distortion; isTold: boolean }> = {
  none: { distort: (image) => image, isTold: false },
  "a quarter as bright": { distort: eachColour((value) => value / 4), isTold: true },
  noise: { distort: (image) => random(image[0] + 256 * image[1]).u8(image.length), isTold: true },
  "every block of 12 x 12 pixels as one": {
    distort: (image) =>
      image.map((_, index) => {
        const [row, column] = [Math.floor(index / 144), Math.floor(index / 3) % 48].map((at) => at - at % 12);
        return image[(row * 48 + column) * 3 + index % 3];
      }),
    isTold: true,
  },
};

Deno.test("The demo's images as its training never saw them are told, and do no more harm than without USP", async () => {
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "demo" });
  const images = readNpy(await Deno.readFile(new URL("calibration_images.npy", DEMO)), "images").data as Uint8Array;
  const preprocessing = DEMO_PREPROCESSING;
  const evaluated = await openDataset(fileURLToPath(new URL("evaluation_images.npy", DEMO)), {
    inputShape: graph.inputs[0].shape,
    preprocessing,
    labels: "none",
    samples: 100,
  });
  const float = await floatModel(graph, preprocessing);
  const data = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    for (const [name, { distort, isTold }] of Object.entries(DISTORTIONS)) {
      const distorted = new Uint8Array(images.length);
      for (let start = 0; start < images.length; start += PIXELS) {
        distorted.set(distort(images.subarray(start, start + PIXELS)), start);
      }
      await Deno.writeFile(data, writeNpy([images.length / PIXELS, 48, 48, 3], distorted));
      const [own, off] = await Promise.all(([{}, { usp: "off" }] as const).map(async (settings) => {
        const { bundle, report } = await calibrate(graph, { data, preprocessing, precision: "fast", ...settings });
        const told = (report.warnings ?? []).filter((warning) => warning.startsWith("Samples look unlike what"));
        assertEquals(told.length, isTold ? 1 : 0, `${name}: ${report.warnings}`);
        return (await evaluate(await Model.load(bundle), evaluated, { float })).fidelity!.divergence!;
      }));
      assert(own.mean < 1.1 * off.mean + 2 * off.standardError!, `${name}: ${own.mean}, without USP ${off.mean}`);
    }
  } finally {
    await Deno.remove(data);
  }
});

Deno.test("Samples are trusted the less the farther they are from training, and not at all where the warning is given", () => {
  const trusts = [0, 0.06, 0.12].map((shift) => trustIn(new Map([["a", seen(40, { shift })]])));
  assert(trusts[0] > 0.9 && trusts[0] > trusts[1] && trusts[1] > trusts[2] && trusts[2] > 0);
  const far = new Map([["a", seen(40, { shift: 1 })]]);
  assert(trainingWarning(far) !== undefined);
  assertEquals([trustIn(far), trustIn(new Map())], [0, 1]);
});
