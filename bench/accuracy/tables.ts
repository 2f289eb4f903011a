/**
 * Prints the tables of docs/accuracy.md from what `deno task compare --json`
 * wrote.
 *
 * ```sh
 * deno run -A bench/accuracy/tables.ts comparison.json
 * ```
 *
 * @module
 */

import type { ComparedRow, Comparison, Measured } from "../../calibrate/compare/comparison.ts";
import { CORRECTIONS, SCALES } from "./method_names.ts";

const GRANULARITIES = ["per-channel", "per-tensor"];

const { rows, calibration, samples, float }: Comparison = JSON.parse(await Deno.readTextFile(Deno.args[0]));
const found = new Map(rows.map((row) => [row.name, row]));
const { subsets } = calibration;
const errors = subsets === 1 ? "standard errors over these" : `standard deviations over ${subsets} subsets`;
console.log(`Calibrated on ${calibration.samples} samples, evaluated on ${samples}; ± are ${errors}.`);
if (float) console.log(`Float: ${(float.top1 * 100).toFixed(2)} % top-1.`);

for (const granularity of GRANULARITIES) {
  const lines = Object.entries(SCALES).map(([scale, name]) => [
    name,
    ...Object.keys(CORRECTIONS).map((correction) => {
      const row = found.get(`${granularity}+${scale}+${correction}`);
      return row ? `${divergence(row)} (${figure(row.sqnr, 1)} dB)` : "";
    }),
  ]);
  if (lines.some((line) => line.slice(1).some(Boolean))) {
    print([`${granularity} weights`, ...Object.values(CORRECTIONS)], lines);
  }
}

/** Words of the methods that switch parts of the default, nearest to the float network first. */
const switched = [
  ...new Set(
    rows.map(({ name }) => name.split("+")).filter(([, word]) => !(word in SCALES)).map((words) =>
      words.slice(1).join("+")
    ),
  ),
];
print(
  [
    "",
    ...GRANULARITIES.flatMap((
      granularity,
    ) => [`${granularity}: KL`, "SQNR, dB", "same, %", ...(float ? ["less float"] : [])]),
    "kB",
  ],
  switched.map((words) => {
    const both = GRANULARITIES.map((granularity) => found.get(`${granularity}+${words}`));
    const sizes = [...new Set(both.flatMap((row) => row ? [(row.bundleBytes / 1000).toFixed(0)] : []))];
    return [`\`${words}\``, ...both.flatMap(figuresOf), sizes.join(", ")];
  }),
);

function figuresOf(row: ComparedRow | undefined): string[] {
  if (!row) return ["", "", "", ...(float ? [""] : [])];
  const { difference } = row.accuracy ?? {};
  const sign = difference && difference.mean > 0.0005 ? "+" : "";
  return [
    withError(row.divergence, 1, row.divergence && row.divergence.mean < 0.01 ? 5 : 4),
    figure(row.sqnr, 1),
    withError(row.same, 100, 1),
    ...(difference ? [sign + withError(difference, 100, 1)] : []),
  ];
}

/** In two digits, and with the deviation over subsets where there are several. */
function divergence({ divergence }: ComparedRow): string {
  if (!divergence) return "–";
  const { mean, deviation } = divergence;
  const digits = Math.max(0, 1 - Math.floor(Math.log10(mean)));
  return deviation === null ? mean.toFixed(digits) : withError(divergence, 1, digits);
}

function figure(value: Measured | null, digits: number): string {
  return value ? value.mean.toFixed(digits) : "–";
}

function withError(value: Measured | null, factor: number, digits: number): string {
  if (!value) return "–";
  const error = (value.deviation ?? value.standardError ?? 0) * factor;
  return `${(value.mean * factor).toFixed(digits)} ± ${error.toFixed(digits)}`.replace("-", "−");
}

/** Prints a table with columns of equal width, where there are any lines. */
function print(head: readonly string[], lines: readonly (readonly string[])[]): void {
  if (lines.length === 0) return;
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => [...line[column]].length)));
  const layOut = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell + " ".repeat(widths[column] - [...cell].length)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  console.log(`\n${[layOut(head), rule, ...lines.map(layOut)].join("\n")}`);
}
