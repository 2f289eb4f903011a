/**
 * A comparison as text for a terminal.
 *
 * @module
 */

import { textTable } from "../../cli/text_table.ts";
import { percents } from "../report/report_text.ts";
import type { Comparison, Spread } from "./comparison.ts";

/** Lays a comparison out: a table of the methods, and what its figures are. */
export function comparisonText({ calibration, float, rows }: Comparison): string {
  const table = textTable(
    ["method", "top-1 %", "top-5 %", "logit SQNR", "top-1 less float's", "bundle"],
    [
      ["float32", ...percents(float).map((text) => text.replace(" %", "")), "", "", ""],
      ...rows.map(({ name, top1, top5, logitSqnr, difference, bundleBytes }) => [
        name,
        spread(top1, 100, 2),
        spread(top5, 100, 2),
        logitSqnr ? `${spread(logitSqnr, 1, 1)} dB` : "exact",
        `${signed(difference.mean * 100)} ± ${(difference.standardError * 100).toFixed(2)}`,
        `${(bundleBytes / 1000).toFixed(0)} kB`,
      ]),
    ],
    { align: ["left", "right", "right", "right", "right", "right"] },
  );
  const { subsets, samples } = calibration;
  const notes = [
    `Calibrated on ${subsets === 1 ? "" : `${subsets} subsets of `}${samples} samples` +
    (subsets === 1 ? "." : ", mean ± standard deviation over them."),
    `Evaluated on ${float.samples} samples; the difference to float ± its standard error, sample by sample.`,
  ];
  return `${table}\n\n${notes.join("\n")}`;
}

function spread({ mean, deviation }: Spread, factor: number, digits: number): string {
  const text = (mean * factor).toFixed(digits);
  return deviation === null ? text : `${text} ± ${(deviation * factor).toFixed(digits)}`;
}

function signed(value: number): string {
  const text = value.toFixed(2);
  if (Number(text) === 0) return "0.00";
  return value > 0 ? `+${text}` : text;
}
