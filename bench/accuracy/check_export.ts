/**
 * Whether exported bundles are right: each is run by Octet, by onnxruntime-web,
 * and with `--python` by onnxruntime after onnx.checker, on the same images.
 *
 * ```sh
 * deno run -A bench/accuracy/check_export.ts MODEL.onnx --data CALIB --eval EVAL --labels LABELS \
 *   --normalize imagenet [--python venv/bin/python]
 * ```
 *
 * Ends with status 1 where a top-1 differs by more than half a point.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import { fileURLToPath } from "node:url";
import { calibrate, type CalibrationOptions } from "../../calibrate/calibrate.ts";
import { readNetwork } from "../../calibrate/commands/files.ts";
import { PREPROCESSING_OPTIONS, readPreprocessing } from "../../calibrate/commands/options.ts";
import { readNpy } from "../../calibrate/dataset/npy.ts";
import { writeNpy } from "../../calibrate/dataset/npy_writer.ts";
import { openDataset } from "../../calibrate/dataset/open_dataset.ts";
import { exportOnnx } from "../../calibrate/export/export_onnx.ts";
import { rankOf } from "../../calibrate/accuracy.ts";
import { textTable } from "../../cli/text_table.ts";
import { readBundle } from "../../runtime/bundle/read.ts";
import { runCommand } from "../../cli/command.ts";
import { Model } from "../../runtime/model.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { normalizePixels, type Preprocessing } from "../../runtime/preprocessing.ts";

const VARIANTS: Readonly<Record<string, Partial<CalibrationOptions>>> = {
  "per-channel": {},
  "per-tensor": { weights: "per-tensor" },
  "per-channel, 4-bit": { weightBits: 4 },
  "per-tensor, 4-bit": { weightBits: 4, weights: "per-tensor" },
  "per-channel, 2 in float": { keepFloat: 2 },
};
const MOST_DIFFERENCE = 0.005;
const CHECK = fileURLToPath(new URL("check_onnx.py", import.meta.url));

/** What is used of onnxruntime-web. */
interface OnnxRuntime {
  env: { wasm: { numThreads: number }; versions: { web: string } };
  Tensor: new (type: string, data: Float32Array, shape: number[]) => unknown;
  InferenceSession: {
    create(bytes: Uint8Array): Promise<{
      run(inputs: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>>;
    }>;
  };
}

/** Samples in the network's own layout, and their labels. */
interface Samples {
  name: string;
  shape: number[];
  tensors: Float32Array[];
  labels: Int32Array;
}

await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      data: { type: "string" },
      eval: { type: "string" },
      labels: { type: "string" },
      python: { type: "string" },
      ...PREPROCESSING_OPTIONS,
    },
  });
  const { data, eval: evaluation, labels, python } = values;
  if (positionals.length !== 1 || data === undefined || evaluation === undefined || labels === undefined) {
    throw new InputError("Give MODEL.onnx, --data, --eval and --labels");
  }
  const specifier = "npm:onnxruntime-web@1.30.0/wasm";
  const { default: runtime }: { default: OnnxRuntime } = await import(specifier);
  runtime.env.wasm.numThreads = 1;
  const graph = await readNetwork(positionals[0]);
  const preprocessing = readPreprocessing(values, graph.inputs[0].shape)!;
  const samples = await readSamples(evaluation, { inputShape: graph.inputs[0].shape, labels, preprocessing });
  samples.name = graph.inputs[0].name;

  const folder = await Deno.makeTempDir();
  const rows: string[][] = [];
  let worst = 0;
  try {
    for (const [name, settings] of Object.entries(VARIANTS)) {
      const { bundle } = await calibrate(graph, { ...settings, data, preprocessing });
      const file = exportOnnx(await readBundle(bundle.slice()));
      const model = await Model.load(bundle);
      const output = model.outputs[0].name;
      const own = samples.tensors.map((tensor) => model.run({ [samples.name]: tensor })[output].data.slice());
      const others = [await runOnWeb(runtime, file, { samples, output })];
      if (python !== undefined) others.push(await runInPython(python, file, { samples, folder }));
      const share = accuracy(own, samples.labels);
      for (const other of others) worst = Math.max(worst, Math.abs(accuracy(other, samples.labels) - share));
      rows.push([name, percent(share), ...others.flatMap((other) => against(own, other, samples.labels))]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const columns = (runtime: string) => [runtime, "same class", "SQNR"];
  const header = ["top-1", "Octet", ...columns("onnxruntime-web"), ...(python ? columns("onnxruntime") : [])];
  console.log(textTable(header, rows, { align: ["left", ...header.slice(1).map(() => "right" as const)] }));
  console.log(`\n${samples.tensors.length} images, onnxruntime-web ${runtime.env.versions.web}`);
  if (worst > MOST_DIFFERENCE + 1e-9) {
    throw new InputRangeError(`A top-1 differs by ${percent(worst)} from the bundle's`);
  }
}

async function readSamples(
  path: string,
  options: { inputShape: number[]; labels: string; preprocessing: Preprocessing },
): Promise<Samples> {
  const dataset = await openDataset(path, options);
  const shape = [1, ...options.inputShape.slice(1)];
  const tensors: Float32Array[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const sample = await dataset.sample(index);
    const tensor = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if ("tensor" in sample) tensor.set(sample.tensor);
    else normalizePixels(sample.pixels, options.preprocessing, tensor);
    tensors.push(tensor);
  }
  return { name: "", shape, tensors, labels: dataset.labels! };
}

async function runOnWeb(
  runtime: OnnxRuntime,
  file: Uint8Array,
  { samples, output }: { samples: Samples; output: string },
): Promise<Float32Array[]> {
  const session = await runtime.InferenceSession.create(file);
  const logits: Float32Array[] = [];
  for (const tensor of samples.tensors) {
    const results = await session.run({ [samples.name]: new runtime.Tensor("float32", tensor, samples.shape) });
    logits.push(results[output].data.slice());
  }
  return logits;
}

async function runInPython(
  python: string,
  file: Uint8Array,
  { samples, folder }: { samples: Samples; folder: string },
): Promise<Float32Array[]> {
  const [network, inputs, outputs] = ["network.onnx", "samples.npy", "logits.npy"].map((name) => `${folder}/${name}`);
  await Deno.writeFile(network, file);
  const { tensors, shape } = samples;
  const all = new Float32Array(tensors.length * tensors[0].length);
  tensors.forEach((tensor, index) => all.set(tensor, index * tensor.length));
  await Deno.writeFile(inputs, writeNpy([tensors.length, ...shape.slice(1)], all));
  const command = new Deno.Command(python, { args: [CHECK, network, inputs, outputs] });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`onnx refuses the file: ${text(stderr).split("\n").at(-1)}`);
  console.error(text(stdout));
  const { data } = readNpy(await Deno.readFile(outputs), outputs);
  const classes = data.length / tensors.length;
  return tensors.map((_, index) => (data as Float32Array).slice(index * classes, (index + 1) * classes));
}

/** Top-1 of another runtime, the share of images with the same class, and how far its logits are from Octet's. */
function against(own: Float32Array[], other: Float32Array[], labels: Int32Array): string[] {
  let [same, signal, noise] = [0, 0, 0];
  own.forEach((logits, index) => {
    if (best(logits) === best(other[index])) same++;
    logits.forEach((value, position) => {
      signal += value ** 2;
      noise += (value - other[index][position]) ** 2;
    });
  });
  const decibels = 10 * Math.log10(signal / noise);
  return [percent(accuracy(other, labels)), percent(same / own.length), `${decibels.toFixed(1)} dB`];
}

function accuracy(logits: Float32Array[], labels: Int32Array): number {
  return logits.filter((scores, index) => rankOf(scores, labels[index]) === 0).length / logits.length;
}

function best(scores: Float32Array): number {
  return scores.indexOf(scores.reduce((a, b) => Math.max(a, b)));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
