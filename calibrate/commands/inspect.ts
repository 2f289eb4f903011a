/**
 * The command `inspect`: says what a bundle or an ONNX file holds.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { runCommand } from "../../cli/command.ts";
import { escapeText } from "../../cli/escape_text.ts";
import { fileError } from "../../cli/file_error.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { readBundle } from "../../runtime/bundle/read.ts";
import { InputError } from "../../runtime/errors.ts";
import { externalDataBeside } from "../external_data.ts";
import { type BundleDescription, describeBundle } from "../inspect/describe_bundle.ts";
import { describeNetwork, type NetworkDescription } from "../inspect/describe_network.ts";
import { bundleText, networkText } from "../inspect/description_text.ts";
import type { Dimensions } from "../onnx/read_inputs.ts";
import { fileFormat } from "./file_format.ts";
import { fixGiven, NETWORK_HELP, NETWORK_OPTIONS, readDimensions } from "./network_options.ts";

const HELP = `Usage: deno task inspect FILE [options]

Says what an Octet bundle or a float ONNX file holds.

  --json              print one JSON object
${NETWORK_HELP}
  --help              show this text`;

/**
 * Describes a bundle or an ONNX file, told apart by their first bytes.
 *
 * @param file Its path; an ONNX network is named after it.
 * @throws {TypeError} Where the file cannot be read, is neither, or is damaged.
 */
async function describeFile(
  file: string,
  dimensions: Dimensions,
): Promise<BundleDescription | NetworkDescription> {
  try {
    const bytes = new Uint8Array(await readFile(file));
    if (fileFormat(bytes) === "octet") {
      return describeBundle(fixGiven(await readBundle(bytes), dimensions));
    }
    return describeNetwork(bytes, {
      name: basename(file).replace(/\.onnx$/i, ""),
      dimensions,
      external: externalDataBeside(file),
    });
  } catch (cause) {
    throw fileError(file, cause);
  }
}

async function inspect(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      ...NETWORK_OPTIONS,
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (positionals.length !== 1) throw new InputError(`One file expected, ${positionals.length} given`);
  const description = await describeFile(positionals[0], readDimensions(values.dimension));
  if (values.json) console.log(escapeText(JSON.stringify(description)));
  else console.log(description.format === "octet" ? bundleText(description) : networkText(description));
}

if (import.meta.main) await runCommand(inspect);
