/**
 * `deno task evaluate`: accuracy and time of a bundle or a float ONNX network.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { escapeText } from "../../cli/escape_text.ts";
import { fileError } from "../../cli/file_error.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { createProgress } from "../../cli/progress.ts";
import { listFormats } from "../../image/formats.ts";
import { MAGIC } from "../../runtime/bundle/format.ts";
import { fixSizes } from "../../runtime/bundle/free_sizes.ts";
import { readBundle } from "../../runtime/bundle/read.ts";
import { InputError } from "../../runtime/errors.ts";
import { Model } from "../../runtime/model.ts";
import { classCount } from "../dataset/classes.ts";
import { openDataset } from "../dataset/open_dataset.ts";
import { nameUnusable } from "../dataset/unusable_samples.ts";
import { estimateText } from "../estimate.ts";
import { evaluate, type Evaluation } from "../evaluate.ts";
import { floatModel } from "../float_model.ts";
import { accuracyText, FIGURE_FORMATS, measuresTable } from "../report/measures_table.ts";
import { readClasses } from "./class_names.ts";
import { readInput, readNetwork } from "./files.ts";
import { NETWORK_HELP, NETWORK_OPTIONS, readDimensions } from "./network_options.ts";
import {
  type OptionValues,
  PREPROCESSING_HELP,
  PREPROCESSING_OPTIONS,
  readCount,
  readPreprocessing,
} from "./options.ts";

const HELP = `Usage: deno task evaluate FILE --data PATH [--labels PATH] [--float NETWORK.onnx] [options]

FILE is an .octet bundle, or a float .onnx network with the preprocessing options.

  --data PATH         .npy file or folder of ${listFormats("and")} images
  --labels PATH       int32 .npy file; not needed where sub-folders are the classes: as many as the network has, in
                      the order of their names, or named like its classes
  --float FILE        the float .onnx network that a bundle was made from, to tell how near the bundle comes to it
  --classes FILE      names of the classes of a .onnx network, one per line; a bundle holds its own
  --samples N         use N samples, evenly spread
  --json              print one JSON object
${PREPROCESSING_HELP}
${NETWORK_HELP}`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      data: { type: "string" },
      labels: { type: "string" },
      float: { type: "string" },
      classes: { type: "string" },
      samples: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      ...PREPROCESSING_OPTIONS,
      ...NETWORK_OPTIONS,
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError("Give one FILE to evaluate (--help shows the usage)");
  if (values.data === undefined) throw new InputError("--data is missing: where are the samples");
  const { model, inputShape, names, shipped } = await loadModel(
    positionals[0],
    values,
    readDimensions(values.dimension),
  );
  const dataset = await openDataset(values.data, {
    inputShape,
    classes: { count: classCount(model.outputs[0].shape.map(Math.abs)), names },
    ...(values.labels !== undefined && { labels: values.labels }),
    ...(values.samples !== undefined && { samples: readCount("--samples", values.samples) }),
    ...(model.preprocessing && { preprocessing: model.preprocessing }),
    anySize: shipped,
  });
  const progress = createProgress(values.json);
  const float = values.float === undefined ? undefined : await loadFloat(values.float, model, values.dimension);
  const result = await evaluate(model, dataset, {
    ...(float && { float }),
    progress: (done, total) => progress.update("Evaluating", done, total),
  })
    .catch(async (error) => {
      throw await nameUnusable(dataset, values.data!, error);
    }).finally(progress.stop);
  for (const warning of result.warnings ?? []) console.error(`warning: ${escapeText(warning)}`);
  if (values.json) return console.log(JSON.stringify(result));
  console.log(resultText(result, `${result.msPerSample.toFixed(2)} ms per sample (${model.kernels} kernels)`));
}

/** One line of accuracies, or a table where there is a float network. */
function resultText(result: Evaluation, time: string): string {
  const { model, samples, top1, top5, standardErrors, fidelity, float, difference } = result;
  const accuracy = standardErrors && { samples, top1: top1!, top5: top5!, standardErrors };
  if (!fidelity) {
    const shares = `top-1 ${accuracyText(accuracy!, "top1")} %, top-5 ${accuracyText(accuracy!, "top5")} %`;
    return `${model}: ${shares} on ${samples} samples, ${time}`;
  }
  const table = measuresTable(`on ${samples} samples`, [
    ...(float ? [{ name: "float", accuracy: float }] : []),
    { name: model, fidelity, accuracy },
  ]);
  const points = difference && estimateText(difference, FIGURE_FORMATS.accuracy);
  const lines = [...(points ? [`top-1 less float's, each sample compared with itself: ${points} points`] : []), time];
  return `${table}\n\n${lines.join("\n")}`;
}

/** Loads the float network of a bundle, which prepares images as the bundle does. */
async function loadFloat(
  path: string,
  { preprocessing }: Model,
  dimensions: readonly string[] | undefined,
): Promise<Model> {
  return await floatModel(await readNetwork(path, readDimensions(dimensions)), preprocessing);
}

/** What is evaluated. */
interface LoadedNetwork {
  model: Model;
  /** Shape of its input; a free batch counts as 1. */
  inputShape: readonly number[];
  /** Names of its classes, where they are known. */
  names: readonly string[] | undefined;
  /** Whether it is a bundle, whose images are prepared as where it is served. */
  shipped: boolean;
}

/** Loads a bundle or a float network, whichever the file is. */
async function loadModel(
  path: string,
  values: OptionValues,
  dimensions: Record<string, number>,
): Promise<LoadedNetwork> {
  const bytes = await readInput(path);
  if (path.endsWith(".octet") || MAGIC.every((byte, index) => bytes[index] === byte)) {
    if (Object.keys(PREPROCESSING_OPTIONS).some((option) => values[option] !== undefined)) {
      throw new InputError("A bundle holds its own preprocessing: leave out the preprocessing options");
    }
    const bundle = await readBundle(bytes).catch((cause) => {
      throw fileError(path, cause);
    });
    const own = new Set(bundle.program.free?.sizes.map(({ name }) => name));
    // The float network may have free dimensions that the bundle does not have.
    const lengths = Object.entries(dimensions).filter(([name]) => values.float === undefined || own.has(name));
    const model = new Model(fixSizes(bundle, Object.fromEntries(lengths)));
    if (values.classes !== undefined) {
      throw new InputError("A bundle holds its own names of classes: leave out --classes");
    }
    return { model, inputShape: model.inputs[0].shape.map(Math.abs), names: model.labels, shipped: true };
  }
  const graph = await readNetwork(path, dimensions);
  const inputShape = graph.inputs[0].shape;
  const names = await readClasses(values.classes as string | undefined, graph);
  return { model: await floatModel(graph, readPreprocessing(values, inputShape)), inputShape, names, shipped: false };
}
