/**
 * `deno task compare`: many ways to quantise a network, side by side.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { createProgress } from "../../cli/progress.ts";
import { listFormats } from "../../image/formats.ts";
import { InputError } from "../../runtime/errors.ts";
import { compareMethods } from "../compare/compare.ts";
import { comparisonText } from "../compare/comparison_text.ts";
import { selectMethods } from "../compare/methods.ts";
import { readClasses } from "./class_names.ts";
import { checkOutput, readNetwork, writeOutput } from "./files.ts";
import { NETWORK_HELP, NETWORK_OPTIONS, readDimensions } from "./network_options.ts";
import { PREPROCESSING_HELP, PREPROCESSING_OPTIONS, readCount, readPreprocessing, repeatOption } from "./options.ts";

const HELP = `Usage: deno task compare MODEL.onnx --data PATH --eval PATH [--labels PATH] [options]

Quantises a network by many methods and evaluates them all: minmax, percentile, entropy and qmse scales, each with
no-usp, mean, moments or lsq, per-channel and per-tensor; then what calibrate does by default, and with parts switched.
Rows are sorted by how near they come to the float network (KL), which needs no labels.

  --data PATH         samples to calibrate on: .npy file or folder of ${listFormats("and")} images
  --eval PATH         samples to evaluate on
  --labels PATH       int32 .npy file of the evaluation samples, for accuracies; not needed where sub-folders are the
                      classes: as many as the network has, in the order of their names, or named like --classes
  --classes FILE      names of the classes, one per line
  --methods WORDS…    names as in the table, or words for all that have them: qmse+moments per-tensor+default
  --repeats N         calibrate on N subsets without a sample in common (default 1)
  --samples N         use N samples in each subset, evenly spread
  --threads N         workers; the result does not depend on it (default 1)
  --json FILE         write the table as JSON
${PREPROCESSING_HELP}
${NETWORK_HELP}`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args: repeatOption(args, "--methods", (argument) => !argument.endsWith(".onnx")),
    allowPositionals: true,
    options: {
      data: { type: "string" },
      eval: { type: "string" },
      labels: { type: "string" },
      classes: { type: "string" },
      methods: { type: "string", multiple: true },
      repeats: { type: "string", default: "1" },
      samples: { type: "string" },
      threads: { type: "string", default: "1" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
      ...PREPROCESSING_OPTIONS,
      ...NETWORK_OPTIONS,
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError("Give one MODEL.onnx to compare on (--help shows the usage)");
  if (values.data === undefined) throw new InputError("--data is missing: where are the calibration samples");
  if (values.eval === undefined) throw new InputError("--eval is missing: where are the evaluation samples");
  const methods = values.methods && selectMethods(values.methods.flatMap((list) => list.split(",")));
  const repeats = readCount("--repeats", values.repeats);
  const threads = readCount("--threads", values.threads);
  const samples = values.samples === undefined ? undefined : readCount("--samples", values.samples);
  const graph = await readNetwork(positionals[0], readDimensions(values.dimension));
  if (graph.inputs.length !== 1) {
    throw new InputError(`${positionals[0]} has ${graph.inputs.length} inputs: one expected`);
  }
  const preprocessing = readPreprocessing(values, graph.inputs[0].shape);
  const classes = await readClasses(values.classes, graph);
  if (values.json !== undefined) await checkOutput(values.json, [...positionals, values.data, values.eval]);
  const progress = createProgress();
  const comparison = await compareMethods(graph, {
    data: values.data,
    evaluation: values.eval,
    repeats,
    threads,
    progress: progress.update,
    ...(values.labels !== undefined && { labels: values.labels }),
    ...(classes && { classes }),
    ...(methods && { methods }),
    ...(samples !== undefined && { samples }),
    ...(preprocessing && { preprocessing }),
  }).finally(progress.stop);
  if (values.json !== undefined) {
    await writeOutput(values.json, new TextEncoder().encode(JSON.stringify(comparison, null, 2) + "\n"));
  }
  console.log(comparisonText(comparison));
}
