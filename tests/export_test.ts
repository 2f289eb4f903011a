import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { calibrate, type CalibrationOptions } from "../calibrate/calibrate.ts";
import type { Sample } from "../calibrate/dataset/dataset.ts";
import { openDataset } from "../calibrate/dataset/open_dataset.ts";
import { exportOnnx } from "../calibrate/export/export_onnx.ts";
import { unpackWeights } from "../calibrate/export/unpack_weights.ts";
import { readWalk, walkedPositions } from "../calibrate/export/walk.ts";
import { lower } from "../calibrate/program/lower.ts";
import { decodeOnnx } from "../calibrate/onnx/decode.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import {
  packConvolutionF32,
  packConvolutionU8,
  packDepthwiseF32,
  packDepthwiseU8,
} from "../calibrate/lower/pack_weights.ts";
import { readBundle } from "../runtime/bundle/read.ts";
import { Model } from "../runtime/model.ts";
import { normalizePixels } from "../runtime/preprocessing.ts";
import { DEMO, DEMO_PREPROCESSING, demoBundle } from "./support/demo_bundle.ts";
import { random } from "./support/random.ts";
import { runOnnx } from "./support/run_onnx.ts";
import { runTask } from "./support/task_command.ts";
import { makeGraph } from "./support/tiny_bundle.ts";

Deno.test("Unpacking is the inverse of every packing", () => {
  const draw = random(91);
  for (let round = 0; round < 20; round++) {
    const groups = draw.integer(1, 3);
    const shape = [groups * draw.integer(1, 19), draw.integer(1, 7), draw.integer(1, 3), draw.integer(1, 3)] as const;
    const length = shape.reduce((product, size) => product * size, 1);
    const [bytes, floats] = [draw.i8(length), draw.f32(length)];
    assertEquals(
      unpackWeights(packConvolutionU8(bytes, shape, groups), length, (w) => packConvolutionU8(w, shape, groups)),
      bytes,
    );
    assertEquals(
      unpackWeights(packConvolutionF32(floats, shape, groups), length, (w) => packConvolutionF32(w, shape, groups)),
      floats,
    );
    const depthwise = [shape[0], 1, shape[2], shape[3]] as const;
    const count = depthwise[0] * depthwise[2] * depthwise[3];
    const [own, real] = [draw.i8(count), draw.f32(count)];
    assertEquals(unpackWeights(packDepthwiseU8(own, depthwise), count, (w) => packDepthwiseU8(w, depthwise)), own);
    assertEquals(unpackWeights(packDepthwiseF32(real, depthwise), count, (w) => packDepthwiseF32(w, depthwise)), real);
  }
});

Deno.test("A walk visits every element of a copy at its places in both tensors", () => {
  const walk = readWalk({
    dimensions: [1, 1, 1, 1, 2, 3],
    inputStrides: [0, 0, 0, 0, 1, 2],
    outputStrides: [0, 0, 0, 0, 3, 1],
    inputOffset: 0,
    outputOffset: 0,
  });
  assertEquals([...walkedPositions(walk)], [[0, 0], [2, 1], [4, 2], [1, 3], [3, 4], [5, 5]]);
  assertEquals([walk.count, walk.rows, walk.contiguous], [6, 1, false]);
});

Deno.test("An exported file quantises and dequantises with the bundle's own numbers", async () => {
  const bundle = await readBundle(await demoBundle(16));
  const { nodes, initializers, inputs, outputs, opset } = decodeOnnx(exportOnnx(bundle));
  assertEquals([opset, inputs[0].shape, outputs[0].shape], [17, ["batch", 3, 48, 48], ["batch", 16]]);
  const u8 = bundle.program.tensors.filter(({ type }) => type === "u8");
  const quantizers = nodes.filter(({ operator }) => operator === "QuantizeLinear");
  for (const { scale, zeroPoint } of u8) {
    const found = quantizers.some(({ inputs: [, scaleName, zeroName] }) =>
      initializers.get(scaleName)!.data[0] === scale && initializers.get(zeroName)!.data[0] === zeroPoint
    );
    assert(found, `No QuantizeLinear has scale ${scale} and zero point ${zeroPoint}`);
  }
  const layers = nodes.filter(({ operator }) => operator === "Conv" || operator === "Gemm");
  assertEquals(
    layers.length,
    bundle.program.steps.filter(({ kernel }) => /^(convolution|depthwise)/.test(kernel)).length,
  );
  for (const layer of layers) {
    const producers = layer.inputs.map((input) => nodes.find(({ outputs }) => outputs.includes(input))!.operator);
    assertEquals(new Set(producers), new Set(["DequantizeLinear"]), layer.name);
  }
});

Deno.test("An exported file takes any batch, but where a constant is joined to a value", () => {
  const shapeOf = (inputs: string[], constants = {}) => {
    const graph = makeGraph({
      inputs: { x: [1, 4] },
      shapes: { y: [1, 8] },
      constants,
      nodes: [{ op: "concat", inputs, output: "y", axis: 1 }],
    });
    for (const port of [...graph.inputs, ...graph.outputs]) port.batched = true;
    return decodeOnnx(exportOnnx(lower(graph))).inputs[0].shape;
  };
  assertEquals(shapeOf(["x", "x"]), ["batch", 4]);
  assertEquals(shapeOf(["x", "k"], { k: { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) } }), [1, 4]);
});

Deno.test("In exact arithmetic an exported file gives the bundle's logits, but where a sum lies between two steps", async () => {
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "network" });
  const path = (name: string) => fileURLToPath(new URL(name, DEMO));
  const data = path("calibration_images.npy");
  const images = await openDataset(path("evaluation_images.npy"), {
    inputShape: [1, 3, 48, 48],
    samples: 3,
    preprocessing: DEMO_PREPROCESSING,
  });
  const methods: Partial<CalibrationOptions>[] = [{}, { weights: "per-tensor" }, {
    weightBits: 4,
    rounding: "nearest",
  }];
  for (const method of methods) {
    const { bundle } = await calibrate(graph, { ...method, data, samples: 8, preprocessing: DEMO_PREPROCESSING });
    const model = await Model.load(bundle.slice());
    const exported = decodeOnnx(exportOnnx(await readBundle(bundle)));
    let same = 0;
    for (let index = 0; index < images.length; index++) {
      const { input, own } = runSample(model, await images.sample(index));
      const largest = Math.max(...own.map(Math.abs));
      const difference = Math.max(
        ...runOnnx(exported, input).map((value, position) => Math.abs(value - own[position])),
      );
      if (difference < 1e-5 * largest) same++;
      // A sum in the middle of a step, but for float32's own rounding, may be rounded to the other side.
      assert(difference < 0.05 * largest, `${JSON.stringify(method)}: ${difference} of ${largest}`);
    }
    assert(same >= 2, `${JSON.stringify(method)}: ${same} of ${images.length} samples have the same logits`);
  }
});

/** A sample as the network's input, and the logits that a bundle gives for it. */
function runSample(model: Model, sample: Sample): { input: Float32Array; own: Float32Array } {
  if (!("pixels" in sample)) throw new TypeError("The demo's samples are images");
  const input = new Float32Array(3 * 48 * 48);
  normalizePixels(sample.pixels, DEMO_PREPROCESSING, input);
  return { input, own: model.runPixels(sample.pixels).logits.data };
}

Deno.test("export writes the file that the library makes, and refuses what is no bundle", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [input, output, other] = ["network.octet", "network.onnx", "other.onnx"].map((name) => `${folder}/${name}`);
    const bytes = await demoBundle(16);
    await Deno.writeFile(input, bytes);
    const { code, stdout } = await runTask("export", [input, "--output", output]);
    const written = await Deno.readFile(output);
    assertEquals([code, stdout], [0, `${output}: ${written.length} bytes\n`]);
    assertEquals(written, exportOnnx(await readBundle(bytes)));
    const refusals: [args: string[], message: string][] = [
      [[output, "--output", other], "Not an Octet bundle"],
      [[`${folder}/none.octet`, "--output", other], "no such file"],
      [[input, "--output", `${folder}/none/x.onnx`], "Cannot write"],
      [[input, "--output", input], "Cannot write"],
      [[input], "--output is missing"],
      [["--output", other], "Give one FILE.octet"],
    ];
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await runTask("export", args);
      assertEquals([code, stdout, stderr.split("\n").length], [1, "", 2], stderr);
      assertStringIncludes(stderr, message);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["network.octet", "network.onnx"]);
    assertEquals(await Deno.readFile(input), bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What the test uses of onnxruntime-web. */
interface OnnxRuntime {
  env: { wasm: { numThreads: number } };
  Tensor: new (type: string, data: Float32Array, shape: number[]) => unknown;
  InferenceSession: {
    create(
      bytes: Uint8Array,
    ): Promise<{ run(inputs: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>> }>;
  };
}

Deno.test({
  name: "onnxruntime-web runs an exported file with the bundle's accuracy",
  // A download of many megabytes, which only continuous integration makes.
  ignore: !Deno.env.has("CI"),
  async fn() {
    const specifier = "npm:onnxruntime-web@1.30.0/wasm";
    const { default: runtime }: { default: OnnxRuntime } = await import(specifier);
    runtime.env.wasm.numThreads = 1;
    const bytes = await demoBundle(64);
    const session = await runtime.InferenceSession.create(exportOnnx(await readBundle(bytes)));
    const model = await Model.load(bytes);
    const path = (name: string) => fileURLToPath(new URL(name, DEMO));
    const dataset = await openDataset(path("evaluation_images.npy"), {
      inputShape: [1, 3, 48, 48],
      labels: path("evaluation_labels.npy"),
      preprocessing: DEMO_PREPROCESSING,
    });
    const best = (scores: Float32Array) => scores.indexOf(Math.max(...scores));
    let [right, theirs, signal, noise] = [0, 0, 0, 0];
    for (let index = 0; index < dataset.length; index++) {
      const { input, own: expected } = runSample(model, await dataset.sample(index));
      const { logits } = await session.run({ input: new runtime.Tensor("float32", input, [1, 3, 48, 48]) });
      expected.forEach((value, position) => {
        signal += value ** 2;
        noise += (value - logits.data[position]) ** 2;
      });
      if (best(expected) === dataset.labels![index]) right++;
      if (best(logits.data) === dataset.labels![index]) theirs++;
    }
    assert(Math.abs(right - theirs) / dataset.length <= 0.005, `${right} and ${theirs} of ${dataset.length} are right`);
    // Sums near the middle of a step round either way, and the layers after them spread it.
    assert(signal / noise > 100, `The logits differ by ${10 * Math.log10(signal / noise)} dB`);
  },
});
