/**
 * Alters files and tries them: `deno task fuzz bundle|onnx|image --seconds S
 * [--seed N]`. What must not be is printed, and its file saved.
 *
 * @module
 */

import { runCommand } from "../../cli/command.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { InputError } from "../../runtime/errors.ts";
import { FUZZ_KINDS, type FuzzWord } from "./kinds.ts";
import { runFuzz } from "./run_fuzz.ts";

/** Where files of findings are saved. */
const OUTPUT = new URL("../output/fuzz/", import.meta.url);

function positive(text: string, option: string): number {
  const number = Number(text);
  if (!(number >= 0 && number <= 2 ** 24)) {
    throw new InputError(`Option --${option} takes a number from 0 on: "${text}" given`);
  }
  return number;
}

await runCommand(async (args) => {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  });
  const [word] = positionals;
  if (positionals.length !== 1 || !Object.hasOwn(FUZZ_KINDS, word)) {
    throw new InputError(`What is fuzzed is one of ${Object.keys(FUZZ_KINDS).join(", ")}`);
  }
  const options = {
    seconds: positive(values.seconds, "seconds"),
    seed: Math.floor(positive(values.seed, "seed")) * 2 ** 20,
  };
  const { counts, findings } = await runFuzz(word as FuzzWord, options);
  await Deno.mkdir(OUTPUT, { recursive: true });
  for (const { seed, reason, file } of findings) {
    const saved = new URL(`${word}-${seed}${file?.match(/\.\w+$/)?.[0] ?? ""}`, OUTPUT);
    if (file) await Deno.copyFile(file, saved);
    console.log(`seed ${seed}: ${reason}${file ? `\n  saved as ${saved.pathname}` : ""}`);
  }
  console.log(Object.entries(counts).map(([kind, count]) => `${count} ${kind}`).join(", "));
  if (findings.length > 0) Deno.exitCode = 1;
});
