/**
 * A comparison as text for a terminal.
 *
 * @module
 */

import { textTable } from "../../cli/text_table.ts";
import { estimateText } from "../estimate.ts";
import { accuracyText, FIGURE_FORMATS } from "../report/measures_table.ts";
import type { ComparedRow, Comparison, Measured } from "./comparison.ts";

/** A column of the table: its head, and what it says of a row. */
type Column = [head: string, text: (row: ComparedRow) => string];

/**
 * Lays a comparison out: a table of the methods, and what its figures are.
 *
 * Names come last, so that lines with short ones fit a terminal.
 */
export function comparisonText({ calibration, samples, float, rows }: Comparison): string {
  const columns: Column[] = [
    ...rows.some(({ divergence }) => divergence) ? [DIVERGENCE, SQNR, SAME] : [SQNR],
    ...(float ? ACCURACY : []),
    ["kB", ({ bundleBytes }) => (bundleBytes / 1000).toFixed(0)],
  ];
  const table = textTable(
    [...columns.map(([head]) => head), "method"],
    [
      ...(float ? [[...columns.map(([head]) => head === TOP_1 ? percent(float.top1) : ""), "float32"]] : []),
      ...rows.map((row) => [...columns.map(([, text]) => text(row)), row.name]),
    ],
    { align: [...columns.map(() => "right" as const), "left"] },
  );
  const { subsets } = calibration;
  const notes = [
    subsets === 1
      ? `Calibrated on ${calibration.samples} samples, evaluated on ${samples}; figures ± standard errors over the latter.`
      : `Calibrated on ${subsets} subsets of ${calibration.samples} samples, evaluated on ${samples}; means ± standard ` +
        "deviations over the subsets.",
    "KL: mean divergence of the classes' probabilities from the float network's. Same: of the class that it says.",
    ...(float
      ? [
        `The float network's top-1 is ${accuracyText(float, "top1")} %, its top-5 ${accuracyText(float, "top5")} %. ` +
        "Less float: each sample compared with itself.",
      ]
      : []),
  ];
  return `${table}\n\n${notes.join("\n")}`;
}

const DIVERGENCE: Column = ["KL", ({ divergence }) => measuredText(divergence, FIGURE_FORMATS.divergence)];
const SQNR: Column = ["SQNR dB", ({ sqnr }) => measuredText(sqnr, FIGURE_FORMATS.sqnr)];
const SAME: Column = ["same %", ({ same }) => measuredText(same, FIGURE_FORMATS.same)];
const TOP_1 = "top-1 %";

const ACCURACY: readonly Column[] = [
  [TOP_1, ({ accuracy }) => {
    const { mean, deviation } = accuracy!.top1;
    // The error over samples is nearly the same for all rows, and told once.
    return estimateText({ mean, standardError: deviation }, FIGURE_FORMATS.accuracy);
  }],
  ["less float", ({ accuracy }) => {
    const text = measuredText(accuracy!.difference, { factor: 100, digits: 1 });
    return Number.parseFloat(text) > 0 ? `+${text}` : text.replace(/^-(?=0\.0\b)/, "");
  }],
];

/** A figure with what is uncertain of it: its deviation over subsets, or where there is one its standard error. */
function measuredText(measured: Measured | null, format: { factor?: number; digits: number }): string {
  if (!measured) return "–";
  const { mean, deviation, standardError } = measured;
  return estimateText({ mean, standardError: deviation ?? standardError }, format);
}

function percent(share: number): string {
  return (share * 100).toFixed(2);
}
