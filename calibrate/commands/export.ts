/**
 * The command `export`: writes a bundle as a quantised ONNX file.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { fileError } from "../../cli/file_error.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { fixSizes } from "../../runtime/bundle/free_sizes.ts";
import { readBundle } from "../../runtime/bundle/read.ts";
import { InputError } from "../../runtime/errors.ts";
import { exportOnnx } from "../export/export_onnx.ts";
import { checkOutput, readInput, writeOutput } from "./files.ts";
import { NETWORK_HELP, NETWORK_OPTIONS, readDimensions } from "./network_options.ts";

const HELP = `Usage: deno task export FILE.octet --output FILE.onnx

Writes a bundle as a quantised ONNX file (QuantizeLinear and DequantizeLinear,
weights per channel, opset 17, any batch that the bundle takes) for other runtimes.

  --output FILE   the file to write
${NETWORK_HELP}
  --help          show this text`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: { output: { type: "string" }, help: { type: "boolean", short: "h" }, ...NETWORK_OPTIONS },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError("Give one FILE.octet to export (--help shows the usage)");
  if (values.output === undefined) throw new InputError("--output is missing: where shall the ONNX file go");
  const [file] = positionals;
  const bytes = await readInput(file);
  const dimensions = readDimensions(values.dimension);
  const bundle = await readBundle(bytes).catch((cause) => {
    throw fileError(file, cause);
  });
  await checkOutput(values.output, [file]);
  const network = exportOnnx(fixSizes(bundle, dimensions));
  await writeOutput(values.output, network);
  console.log(`${values.output}: ${network.length} bytes`);
}
