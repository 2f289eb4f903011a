/**
 * `deno task calibrate`: from a float ONNX network to a bundle.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { escapeText } from "../../cli/escape_text.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { createProgress, type Progress } from "../../cli/progress.ts";
import { listFormats } from "../../image/formats.ts";
import { InputError } from "../../runtime/errors.ts";
import { type FreeSize, OUTPUT_KINDS } from "../../runtime/program.ts";
import { calibrate, type FreeNetwork } from "../calibrate.ts";
import { externalDataBeside } from "../external_data.ts";
import type { Dimensions } from "../onnx/read_inputs.ts";
import { observeShard } from "../observe_shard.ts";
import { commandLine, hashOf } from "../report/provenance.ts";
import { reportText } from "../report/report_text.ts";
import { readClasses } from "./class_names.ts";
import { checkOutput, importNetwork, readInput, readNetwork, writeOutput } from "./files.ts";
import { FREE_HELP, FREE_OPTIONS, NETWORK_HELP, NETWORK_OPTIONS, readDimensions, readFree } from "./network_options.ts";
import {
  PREPROCESSING_HELP,
  PREPROCESSING_OPTIONS,
  readChoice,
  readCount,
  readPreprocessing,
  repeatOption,
} from "./options.ts";
import { readSettings, SETTING_OPTIONS, SETTINGS_HELP } from "./setting_options.ts";
import { readShard } from "./shard_options.ts";

const HELP = `Usage: deno task calibrate MODEL.onnx --data PATH --output FILE.octet [options]

  --data PATH         .npy file (uint8 images, or float32 in the network's layout) or folder of ${
  listFormats("and")
} images
  --output FILE       the bundle to write
  --labels PATH       int32 .npy file, for accuracies, or none; not needed where sub-folders are the classes: as many
                      as the network has, in the order of their names, or named like lines of --classes
  --classes FILE      names of the classes, one per line, stored in the bundle
  --output-kind WORD  what the first output is: logits, probabilities (add up to 1) or independent-probabilities;
                      by default found from the network's end: after Softmax, after Sigmoid, else logits
  --samples N         use N samples, evenly spread
${SETTINGS_HELP}
  --drop-outliers     leave samples out whose values are not finite, or far larger than those of all others; named
  --threads N         workers; the bundle does not depend on it (default 1)
  --json FILE         write the report as JSON
  --report FILE.html  write a page that shows where accuracy goes; takes about three times as long
  --shard I/N         observe part I of N of the samples, from 1, and write --statistics FILE instead of a bundle
  --merge FILE…       take the statistics of all N parts instead of observing; stands after MODEL.onnx
${PREPROCESSING_HELP}
${NETWORK_HELP}
${FREE_HELP}`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args: repeatOption(args, "--merge"),
    allowPositionals: true,
    options: {
      data: { type: "string" },
      output: { type: "string" },
      labels: { type: "string" },
      classes: { type: "string" },
      "drop-outliers": { type: "boolean" },
      "output-kind": { type: "string" },
      samples: { type: "string" },
      threads: { type: "string", default: "1" },
      json: { type: "string" },
      report: { type: "string" },
      shard: { type: "string" },
      statistics: { type: "string" },
      merge: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
      ...SETTING_OPTIONS,
      ...PREPROCESSING_OPTIONS,
      ...NETWORK_OPTIONS,
      ...FREE_OPTIONS,
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError("Give one MODEL.onnx to calibrate (--help shows the usage)");
  if (values.data === undefined) throw new InputError("--data is missing: where are the calibration samples");
  const shard = readShard(values);
  const choices = {
    ...readSettings(values),
    ...(values["output-kind"] !== undefined && {
      outputKind: readChoice("--output-kind", values["output-kind"], OUTPUT_KINDS),
    }),
    threads: readCount("--threads", values.threads),
    ...(values.samples !== undefined && { samples: readCount("--samples", values.samples) }),
  };
  const dimensions = readDimensions(values.dimension);
  const sizes = readFree(values.free, dimensions);
  let externalBytes = 0;
  const beside = externalDataBeside(positionals[0]);
  const graph = await readNetwork(positionals[0], dimensions, (location, offset, length) => {
    externalBytes += length;
    return beside(location, offset, length);
  });
  if (graph.inputs.length !== 1) {
    throw new InputError(`${positionals[0]} has ${graph.inputs.length} inputs: one expected`);
  }
  const preprocessing = readPreprocessing(values, graph.inputs[0].shape);
  const classes = await readClasses(values.classes, graph);
  const samples = {
    ...(values.labels !== undefined && { labels: values.labels }),
    ...(preprocessing && { preprocessing }),
    ...(classes && { classes }),
  };
  if (shard) {
    await checkOutput(shard.statistics, [...positionals, values.data]);
    const warn = (warning: string) => console.error(`warning: ${escapeText(warning)}`);
    const options = { ...choices, ...samples, data: values.data, shard, warn };
    const bytes = await withProgress((progress) => observeShard(graph, { ...options, progress }));
    await writeOutput(shard.statistics, bytes);
    return console.log(`${shard.statistics}: ${bytes.length} bytes, shard ${shard.index} of ${shard.count}`);
  }
  const { output, merge } = values;
  if (output === undefined) throw new InputError("--output is missing: where shall the bundle go");
  const inputs = [...positionals, ...merge ?? []];
  await checkOutput(output, inputs);
  if (values.json !== undefined) await checkOutput(values.json, [...inputs, output]);
  if (values.report !== undefined) await checkOutput(values.report, [...inputs, output, ...asList(values.json)]);

  const free = sizes.length > 0 ? await freeNetwork(positionals[0], sizes, dimensions) : undefined;
  const { bundle, report: made, details } = await withProgress((progress) =>
    calibrate(graph, {
      ...choices,
      ...samples,
      data: values.data!,
      ...(merge && { merge }),
      ...(free && { free }),
      dropOutliers: values["drop-outliers"] ?? false,
      details: values.report !== undefined,
      progress,
    })
  );
  const file = await readInput(positionals[0]);
  const floatBytes = file.length + externalBytes;
  const command = commandLine(["deno", "task", "calibrate", ...args]);
  const report = { ...made, provenance: { ...made.provenance, command, networkFile: await hashOf(file) } };
  await writeOutput(output, bundle);
  if (values.json !== undefined) {
    await writeOutput(values.json, new TextEncoder().encode(JSON.stringify(report, null, 2) + "\n"));
  }
  if (values.report !== undefined) {
    const { reportPage } = await import("../report/page/report_page.ts");
    const page = reportPage(report, details!, { floatBytes, ...(classes && { classes }) });
    await writeOutput(values.report, new TextEncoder().encode(page));
  }
  console.log(reportText(report, { output, floatBytes }));
}

/** The network at other sizes than those of the samples. */
async function freeNetwork(path: string, sizes: FreeSize[], dimensions: Dimensions): Promise<FreeNetwork> {
  const bytes = await readInput(path);
  const external = externalDataBeside(path);
  return {
    sizes,
    importAt(lengths) {
      const at = Object.entries(lengths).map(([size, length]) => `${size}=${length}`).join(", ");
      return importNetwork(bytes, path, {
        dimensions: { ...dimensions, ...lengths },
        external,
        what: `${path} with ${at}`,
      });
    },
  };
}

async function withProgress<Result>(work: (update: Progress["update"]) => Promise<Result>): Promise<Result> {
  const progress = createProgress();
  try {
    return await work(progress.update);
  } finally {
    progress.stop();
  }
}

function asList<Item>(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}
