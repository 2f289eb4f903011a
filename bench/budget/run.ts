/**
 * `deno task budget`: measures sizes, start and speed, and fails where one is
 * beyond its limit in `bench/budget.json`.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { fileURLToPath } from "node:url";
import { createProgress } from "../../cli/progress.ts";
import { textTable } from "../../cli/text_table.ts";
import { runCommand } from "../../cli/command.ts";
import { parseArguments } from "../../cli/parse_arguments.ts";
import { BUDGET } from "../budget.ts";
import { networkBundles } from "../networks/bundles.ts";
import { mobilenetV2 } from "../networks/mobilenet_v2.ts";
import { canPin, runPinned } from "../pinned.ts";
import { measureStart } from "../start/measure.ts";
import { type Finding, sizeFindings, speedFindings, startFindings } from "./findings.ts";
import { measureSizes } from "./sizes.ts";

const HELP = `Usage: deno task budget [options]

Measures sizes, the start of a process (Linux alone) and speeds as ratios, on
one core where taskset can pin processes, and fails where one is beyond its
limit in bench/budget.json. Limits against other runtimes are in
deno task bench:peers.

  --json   print one JSON array
  --help   show this text`;

const ROUNDS = 9;

if (import.meta.main) await runCommand(checkBudget);

async function checkBudget(args: string[]): Promise<void> {
  const { values } = parseArguments({
    args,
    options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) return console.log(HELP);
  const progress = createProgress(values.json);
  progress.update("Measuring", 0, 3);
  const findings = sizeFindings(BUDGET, await measureSizes());
  progress.update("Measuring", 1, 3);
  if (Deno.build.os === "linux") {
    const { int8 } = await networkBundles(mobilenetV2());
    findings.push(...startFindings(BUDGET, await measureStart(fileURLToPath(int8), ROUNDS)));
  }
  progress.update("Measuring", 2, 3);
  const { output } = await runPinned(new URL("speed.ts", import.meta.url));
  findings.push(...speedFindings(BUDGET, JSON.parse(output)));
  progress.stop();
  console.log(values.json ? JSON.stringify(findings) : await tableOf(findings));
  const beyond = findings.filter(({ kept }) => !kept);
  if (beyond.length > 0) {
    throw new InputRangeError(
      `${beyond.length} of ${findings.length} figures are beyond the budget: ${beyond.map(sentenceOf).join("; ")}`,
    );
  }
}

async function tableOf(findings: Finding[]): Promise<string> {
  const rows = findings.map((finding) => [
    finding.figure,
    textOf(finding.measured, finding),
    `${finding.isGreatest ? "<=" : ">="} ${textOf(finding.limit, finding)}`,
    finding.kept ? "" : "beyond",
  ]);
  const table = textTable(["Figure", "Measured", "Limit", ""], rows, { align: ["left", "right", "right", "left"] });
  const others = Deno.build.os === "linux" ? "" : "\nThe start of processes is measured on Linux alone.";
  return `${table}${others}${await canPin() ? "" : "\nProcesses were not pinned to a core: there is no taskset."}`;
}

function sentenceOf(finding: Finding): string {
  const { figure, measured, limit, isGreatest } = finding;
  return `${figure}: ${textOf(measured, finding)}, at ${isGreatest ? "most" : "least"} ${textOf(limit, finding)}`;
}

function textOf(value: number, { unit }: Finding): string {
  switch (unit) {
    case "bytes":
      return `${value.toLocaleString("en-US")} bytes`;
    case "ms":
      return `${value.toFixed(1)} ms`;
    case "x":
      return `${value.toFixed(2)} x`;
    case "of peak":
      return `${(value * 100).toFixed(0)} % of peak`;
  }
}
