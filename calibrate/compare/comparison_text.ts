/**
 * A comparison as text for a terminal.
 *
 * @module
 */

import { textTable } from "../../cli/text_table.ts";
import type { ComparedRow, Comparison, Measured, Spread } from "./comparison.ts";

/** A column of the table: its head, and what it says of a row. */
type Column = [head: string, text: (row: ComparedRow) => string];

/** Lays a comparison out: a table of the methods, and what its figures are. */
export function comparisonText({ calibration, samples, float, rows }: Comparison): string {
  const columns: Column[] = [
    ["method", ({ name }) => name],
    ...(rows.some(({ divergence }) => divergence) ? FIDELITY : []),
    ["SQNR dB", ({ sqnr }) => sqnr ? measured(sqnr, 1, 1) : "exact"],
    ...(float ? ACCURACY : []),
    ["kB", ({ bundleBytes }) => (bundleBytes / 1000).toFixed(0)],
  ];
  const table = textTable(
    columns.map(([head]) => head),
    rows.map((row) => columns.map(([, text]) => text(row))),
    { align: columns.map((_, index) => index === 0 ? "left" : "right") },
  );
  const { subsets } = calibration;
  const notes = [
    `Calibrated on ${subsets === 1 ? "" : `${subsets} subsets of `}${calibration.samples} samples` +
    (subsets === 1 ? "." : ", mean ± standard deviation over them."),
    `Evaluated on ${samples} samples` + (subsets === 1 ? ", figures ± their standard errors." : "."),
    "KL: mean divergence from the float network's classes; same: of the class that it says; both without labels.",
    ...(float
      ? [
        `Float32: ${percent(float.top1)} % top-1, ${
          percent(float.top5)
        } % top-5. Less float: top-1 less float's, each ` +
        "sample compared with itself.",
      ]
      : []),
  ];
  return `${table}\n\n${notes.join("\n")}`;
}

const FIDELITY: readonly Column[] = [
  ["KL", ({ divergence }) => divergence ? measured(divergence, 1, 4) : ""],
  ["same %", ({ same }) => same ? measured(same, 100, 1) : ""],
];

const ACCURACY: readonly Column[] = [
  ["top-1 %", ({ accuracy }) => spread(accuracy!.top1, 100, 2)],
  ["less float", ({ accuracy }) => {
    const { mean, standardError } = accuracy!.difference;
    return `${signed(mean * 100)} ± ${percent(standardError)}`;
  }],
];

/** A figure with what is uncertain of it: its deviation over subsets, or where there is one its standard error. */
function measured({ mean, deviation, standardError }: Measured, factor: number, digits: number): string {
  return spread({ mean, deviation: deviation ?? standardError }, factor, digits);
}

function spread({ mean, deviation }: Spread, factor: number, digits: number): string {
  const text = (mean * factor).toFixed(digits);
  return deviation === null ? text : `${text} ± ${(deviation * factor).toFixed(digits)}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(2);
}

function signed(value: number): string {
  const text = value.toFixed(2);
  if (Number(text) === 0) return "0.00";
  return value > 0 ? `+${text}` : text;
}
