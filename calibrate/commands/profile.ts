/**
 * `deno task profile`: the time of each layer of a bundle or a float ONNX network.
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
import { loadKernels } from "../../runtime/kernels/modules.ts";
import type { ProgramData } from "../../runtime/program.ts";
import { externalDataBeside } from "../external_data.ts";
import { importOnnx } from "../onnx/import.ts";
import type { Dimensions } from "../onnx/read_inputs.ts";
import { profileProgram } from "../profile/profile.ts";
import { profileText } from "../profile/profile_text.ts";
import { lower } from "../program/lower.ts";
import { fileFormat } from "./file_format.ts";
import { fixGiven, NETWORK_HELP, NETWORK_OPTIONS, readDimensions } from "./network_options.ts";
import { readChoice, readCount } from "./options.ts";

const HELP = `Usage: deno task profile FILE [options]

FILE is an .octet bundle or a float .onnx network. Prints a row for each layer:
its median time on one sample, multiply-adds, their rate, and its share of the time.

  --runs N            time N runs (50)
  --kernels NAME      use the simd128 or the relaxed build (what suits the host)
  --json              print one JSON object
${NETWORK_HELP}
  --help              show this text`;

if (import.meta.main) await runCommand(main);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      runs: { type: "string" },
      kernels: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      ...NETWORK_OPTIONS,
    },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length !== 1) throw new InputError(`One file expected, ${positionals.length} given`);
  const options = {
    ...(values.runs !== undefined && { runs: readCount("--runs", values.runs) }),
    ...(values.kernels !== undefined && {
      kernels: readChoice("--kernels", values.kernels, ["simd128", "relaxed"] as const),
    }),
  };
  if (options.kernels) await loadKernels(options.kernels);
  const profile = await profileProgram(await readProgram(positionals[0], readDimensions(values.dimension)), options);
  console.log(values.json ? escapeText(JSON.stringify(profile)) : profileText(profile));
}

/** Reads a bundle, or lowers a float network to a program. */
async function readProgram(file: string, dimensions: Dimensions): Promise<ProgramData> {
  try {
    const bytes = new Uint8Array(await readFile(file));
    if (fileFormat(bytes) === "octet") {
      return fixGiven(await readBundle(bytes), dimensions);
    }
    return lower(
      importOnnx(bytes, {
        name: basename(file).replace(/\.onnx$/i, ""),
        dimensions,
        external: externalDataBeside(file),
      }),
    );
  } catch (cause) {
    throw fileError(file, cause);
  }
}
