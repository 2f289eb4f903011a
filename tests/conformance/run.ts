/**
 * Asks Octet what other people's suites and programs answer:
 * `deno task conformance` runs the node tests of the ONNX project and holds them
 * against the list of those that pass, which `--update` writes anew, and
 * `--reasons` tells why others are refused;
 * `deno task conformance --random N --seed S` draws networks and holds them
 * against onnxruntime.
 *
 * @module
 */

import { parseArguments } from "../../cli/parse_arguments.ts";
import { runCommand } from "../../cli/command.ts";
import { InputError } from "../../runtime/errors.ts";
import { FORMS } from "./node_cases.ts";
import { NODE_DIFFERENCES } from "./node_differences.ts";
import { readList, writeList } from "./node_list.ts";
import { complaints, isKnown, type NamedResult, runSuite } from "./node_results.ts";
import { fetchSuite } from "./node_suite.ts";
import { bytesOf } from "./random/draw_network.ts";
import { describeFinding, type Finding, isHarmless, runRandom } from "./random/run_random.ts";

const KINDS = ["passed", "refused", "refused late", "wrong", "internal error"] as const;

const FORM_NOTES = {
  "as written": "",
  "bound": "refused as written; inputs that are not float32, or all but the first, made constants",
  "folded": "all inputs made constants: what is computed at import",
};

/** Where networks that fail are saved. */
const OUTPUT = new URL("../output/conformance/", import.meta.url);

function printCounts(results: readonly NamedResult[]): void {
  for (const form of FORMS) {
    const own = results.filter((entry) => entry.form === form);
    const counts = KINDS.map((kind) =>
      `${own.filter((entry) => entry.result.kind === kind && !isKnown(entry)).length} ${kind}`
    );
    console.log(`${form}: ${counts.join(", ")}${FORM_NOTES[form] && ` (${FORM_NOTES[form]})`}`);
  }
  for (const entry of results) {
    if (isKnown(entry)) console.log(`${entry.name} differs: ${NODE_DIFFERENCES[entry.name.replace(/ \(.*/, "")]}`);
  }
}

/** Prints why tests are refused as they are written, the most frequent reasons first. */
function printReasons(results: readonly NamedResult[]): void {
  const names = new Map<string, string[]>();
  for (const { name, form, result } of results) {
    if (form !== "as written" || result.kind === "passed") continue;
    // Names of values and nodes differ from test to test.
    const reason = result.reason.replace(/"[^"]*"/g, '"…"');
    names.set(reason, [...names.get(reason) ?? [], name]);
  }
  for (const [reason, tests] of [...names].sort(([, a], [, b]) => b.length - a.length)) {
    console.log(`${tests.length} ${reason}\n  ${tests.join(", ")}`);
  }
}

async function runNodeTests({ update, reasons }: { update: boolean; reasons: boolean }): Promise<void> {
  const suite = await fetchSuite();
  const results = await runSuite(suite);
  printCounts(results);
  if (reasons) printReasons(results);
  if (update && !suite.complete) {
    throw new InputError("The list can only be written from the whole suite, which PyPI has");
  }
  if (update) writeList(results.filter(({ result }) => result.kind === "passed").map(({ name }) => name));
  const found = complaints(results, readList(), suite);
  for (const complaint of found) console.error(complaint);
  if (found.length === 0) return;
  console.error(`${found.length} not as listed; deno task conformance --update lists what passes`);
  Deno.exitCode = 1;
}

async function runNetworks(networks: number, seed: number, reasons: boolean): Promise<void> {
  const progress = (judged: number) => console.error(`${judged} of ${networks}`);
  const { counts, findings } = await runRandom({ networks, seed, progress });
  const failures = findings.filter(({ verdict }) => !isHarmless(verdict));
  for (const [index, finding] of failures.entries()) await report(finding, `${seed}-${index}`);
  if (reasons) {
    for (const { verdict, times, network } of findings.filter(({ verdict }) => isHarmless(verdict))) {
      console.log(`${times} ${verdict.kind}: ${verdict.reason.split("\n")[0]} (seed ${network.seed})`);
    }
  }
  console.log(Object.entries(counts).map(([kind, count]) => `${count} ${kind}`).join(", "));
  if (failures.length > 0) Deno.exitCode = 1;
}

async function report(finding: Finding, name: string): Promise<void> {
  await Deno.mkdir(OUTPUT, { recursive: true });
  const file = new URL(`${name}.onnx`, OUTPUT);
  await Deno.writeFile(file, bytesOf(finding.network));
  await Deno.writeTextFile(new URL(`${name}.txt`, OUTPUT), describeFinding(finding));
  console.log(`${describeFinding(finding)}\nsaved as ${file.pathname}, seed ${finding.network.seed}\n`);
}

function wholeNumber(text: string, option: string, least: number): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new InputError(`Option --${option} takes a whole number from ${least} on: "${text}" given`);
  }
  return number;
}

await runCommand(async (args) => {
  const { values } = parseArguments({
    args,
    options: {
      update: { type: "boolean", default: false },
      random: { type: "string" },
      seed: { type: "string", default: "1" },
      reasons: { type: "boolean", default: false },
    },
  });
  if (values.random === undefined) return await runNodeTests(values);
  await runNetworks(wholeNumber(values.random, "random", 1), wholeNumber(values.seed, "seed", 0), values.reasons);
});
