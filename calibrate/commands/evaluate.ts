/**
 * `deno task evaluate`: accuracy and time of a bundle or a float ONNX network.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { MAGIC } from "../../runtime/bundle/format.ts";
import { runCommand } from "../../cli/command.ts";
import { fileError } from "../../cli/file_error.ts";
import { Model } from "../../runtime/model.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { openDataset } from "../dataset/open_dataset.ts";
import { evaluate } from "../evaluate.ts";
import { floatModel } from "../float_model.ts";
import { createProgress } from "../../cli/progress.ts";
import { readInput, readNetwork } from "./files.ts";
import {
  type OptionValues,
  PREPROCESSING_HELP,
  PREPROCESSING_OPTIONS,
  readCount,
  readPreprocessing,
} from "./options.ts";

const HELP = `Usage: deno task evaluate FILE --data PATH --labels PATH [options]

FILE is an .octet bundle, or a float .onnx network with the preprocessing options.

  --data PATH         .npy file or folder of JPEG and PNG images
  --labels PATH       int32 .npy file; not needed where sub-folders are the classes
  --samples N         use N samples, evenly spread
  --json              print one JSON object
${PREPROCESSING_HELP}`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      data: { type: "string" },
      labels: { type: "string" },
      samples: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      ...PREPROCESSING_OPTIONS,
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError("Give one FILE to evaluate (--help shows the usage)");
  if (values.data === undefined) throw new InputError("--data is missing: where are the samples");
  const { model, inputShape } = await loadModel(positionals[0], values);
  const dataset = await openDataset(values.data, {
    inputShape,
    ...(values.labels !== undefined && { labels: values.labels }),
    ...(values.samples !== undefined && { samples: readCount("--samples", values.samples) }),
    ...(model.preprocessing && { preprocessing: model.preprocessing }),
  });
  const progress = createProgress(values.json);
  const result = await evaluate(model, dataset, (done, total) => progress.update("Evaluating", done, total));
  progress.stop();
  if (values.json) return console.log(JSON.stringify(result));
  console.log(
    `${result.model}: top-1 ${percent(result.top1)}, top-5 ${percent(result.top5)} on ${result.samples} samples, ` +
      `${result.msPerSample.toFixed(2)} ms per sample (${model.kernels} kernels)`,
  );
}

/** Loads a bundle or a float network, whichever the file is. */
async function loadModel(path: string, values: OptionValues): Promise<{ model: Model; inputShape: number[] }> {
  const bytes = await readInput(path);
  if (path.endsWith(".octet") || MAGIC.every((byte, index) => bytes[index] === byte)) {
    if (Object.keys(PREPROCESSING_OPTIONS).some((option) => values[option] !== undefined)) {
      throw new InputError("A bundle holds its own preprocessing: leave out the preprocessing options");
    }
    const model = await Model.load(bytes).catch((cause) => {
      throw fileError(path, cause);
    });
    const [first, ...rest] = model.inputs[0].shape;
    return { model, inputShape: [Math.abs(first), ...rest] };
  }
  const graph = await readNetwork(path);
  const inputShape = graph.inputs[0].shape;
  return { model: await floatModel(graph, readPreprocessing(values, inputShape)), inputShape };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
