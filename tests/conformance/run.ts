/**
 * Asks Octet what other people's suites ask: `deno task conformance` runs the
 * node tests of the ONNX project and holds them against the list of those that
 * pass; `--update` writes the list anew.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { FORMS } from "./node_cases.ts";
import { readList, writeList } from "./node_list.ts";
import { NODE_DIFFERENCES } from "./node_differences.ts";
import { complaints, isKnown, type NamedResult, runSuite } from "./node_results.ts";
import { fetchSuite } from "./node_suite.ts";

const KINDS = ["passed", "refused", "refused late", "wrong", "internal error"] as const;

const FORM_NOTES = {
  "as written": "",
  "bound": "refused as written; inputs that are not float32, or all but the first, made constants",
  "folded": "all inputs made constants: what is computed at import",
};

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

async function runNodeTests(update: boolean): Promise<void> {
  const suite = await fetchSuite();
  const results = await runSuite(suite);
  printCounts(results);
  if (update && !suite.complete) throw new Error("The list can only be written from the whole suite, which PyPI has");
  if (update) writeList(results.filter(({ result }) => result.kind === "passed").map(({ name }) => name));
  const found = complaints(results, readList(), suite);
  for (const complaint of found) console.error(complaint);
  if (found.length === 0) return;
  console.error(`${found.length} not as listed; deno task conformance --update lists what passes`);
  Deno.exitCode = 1;
}

const { values } = parseArgs({ options: { update: { type: "boolean", default: false } } });
await runNodeTests(values.update);
