/**
 * `deno task demo`: the whole way on the network that the project ships.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runCommand } from "../../cli/command.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { createProgress } from "../../cli/progress.ts";
import { textTable } from "../../cli/text_table.ts";
import { Model } from "../../runtime/model.ts";
import { calibrate } from "../calibrate.ts";
import { openDataset } from "../dataset/open_dataset.ts";
import { estimateText } from "../estimate.ts";
import { evaluate } from "../evaluate.ts";
import { floatModel } from "../float_model.ts";
import { FIGURE_FORMATS } from "../report/measures_table.ts";
import { type CalibrationSettings, PRESETS } from "../settings.ts";
import { readInput, readNetwork, writeOutput } from "./files.ts";

const PREPROCESSING = { crop: [48, 48] as [number, number], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const OUTPUT = "demo.octet";

const HELP = `Usage: deno task demo

Calibrates the demo network of examples/demo in five ways, evaluates each beside
the float network on 400 images, prints the comparison, and writes the last
network to ${OUTPUT} in this folder.

  --help  show this text
`;

const { paper } = PRESETS;

/** What is compared with the float network; the last one is written. */
const VARIANTS: { name: string; options: Partial<CalibrationSettings> }[] = [
  { name: "per-tensor, min-max", options: { ...paper, weights: "per-tensor", scales: "minmax", usp: "off" } },
  { name: "per-tensor, QMSE + USP", options: { ...paper, weights: "per-tensor" } },
  { name: "per-channel, min-max", options: { ...paper, scales: "minmax", usp: "off" } },
  { name: "per-channel, QMSE + USP", options: paper },
  { name: "default", options: {} },
];

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values } = parseArguments({ args, options: { help: { type: "boolean", default: false } } });
  if (values.help) {
    console.log(HELP.trimEnd());
    return;
  }
  const file = (name: string) => fileURLToPath(new URL(`../../examples/demo/${name}`, import.meta.url));
  const network = file("network.onnx");
  const graph = await readNetwork(network);
  const floatBytes = (await Deno.stat(network)).size;
  const classes = new TextDecoder().decode(await readInput(file("classes.txt"))).trim().split(/\r?\n/);
  const samples = await openDataset(file("evaluation_images.npy"), {
    inputShape: graph.inputs[0].shape,
    labels: file("evaluation_labels.npy"),
    preprocessing: PREPROCESSING,
  });
  const progress = createProgress();
  const rows: (string | number)[][] = [];
  const measure = async (name: string, model: Model, bytes: number) => {
    const { fidelity, top1, msPerSample } = await evaluate(model, samples, {
      float,
      progress: (done, total) => progress.update("Evaluating", done, total),
    });
    rows.push([
      name,
      estimateText(fidelity!.divergence!, FIGURE_FORMATS.divergence),
      estimateText(fidelity!.same!, FIGURE_FORMATS.same),
      (top1! * 100).toFixed(2),
      msPerSample.toFixed(2),
      (bytes / 1000).toFixed(0),
    ]);
  };
  const float = await floatModel(graph, PREPROCESSING);
  await measure("float32", float, floatBytes);
  let bundle = new Uint8Array(0);
  for (const { name, options } of VARIANTS) {
    const result = await calibrate(graph, {
      ...options,
      data: file("calibration_images.npy"),
      preprocessing: PREPROCESSING,
      classes,
      progress: progress.update,
    });
    bundle = result.bundle;
    await measure(name, await Model.load(bundle), bundle.length);
  }
  progress.stop();
  await writeOutput(OUTPUT, bundle);
  console.log(textTable(
    ["demo network, 400 images", "KL", "same %", "top-1 %", "ms", "kB"],
    rows,
    { align: ["left", "right", "right", "right", "right", "right"] },
  ));
  console.log(`\nWrote ${OUTPUT}. Next: deno task serve ${OUTPUT}`);
}
