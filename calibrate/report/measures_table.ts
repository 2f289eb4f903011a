/**
 * How near networks come to their float network, and their accuracy, as a table
 * for a terminal.
 *
 * @module
 */

import { textTable } from "../../cli/text_table.ts";
import type { Accuracy } from "../accuracy.ts";
import { estimateText } from "../estimate.ts";
import type { Fidelity } from "../fidelity.ts";

/** A row of the table. */
export interface MeasuredNetwork {
  name: string;
  /** Absent for the float network itself. */
  fidelity?: Fidelity | undefined;
  /** Absent without labels. */
  accuracy?: Accuracy | undefined;
}

/** Digits in which figures are shown, and what they are multiplied by: of shares percentages are made. */
export const FIGURE_FORMATS = {
  divergence: { digits: 5 },
  sqnr: { digits: 1 },
  same: { factor: 100, digits: 1 },
  accuracy: { factor: 100, digits: 2 },
} as const;

const HEADS = { divergence: "KL", sqnr: "SQNR dB", same: "same %", top1: "top-1 %", top5: "top-5 %" } as const;

/**
 * Lays figures out, each with its standard error.
 *
 * Columns that no row has a figure for are left out; that of SQNR stays, and
 * says "–" where there is no error.
 *
 * @param title Head of the column of names.
 */
export function measuresTable(title: string, rows: readonly MeasuredNetwork[]): string {
  const figures = (["divergence", "sqnr", "same"] as const).filter((figure) =>
    rows.some(({ fidelity }) => fidelity && (figure === "sqnr" || fidelity[figure]))
  );
  const shares = (["top1", "top5"] as const).filter(() => rows.some(({ accuracy }) => accuracy));
  const head = [title, ...[...figures, ...shares].map((figure) => HEADS[figure])];
  return textTable(
    head,
    rows.map(({ name, fidelity, accuracy }) => [
      name,
      ...figures.map((figure) => {
        if (!fidelity) return "";
        const value = fidelity[figure];
        return value ? estimateText(value, FIGURE_FORMATS[figure]) : "–";
      }),
      ...shares.map((share) => accuracy ? accuracyText(accuracy, share) : ""),
    ]),
    { align: head.map((_, column) => column === 0 ? "left" : "right") },
  );
}

/** A share of right answers in percent with its standard error. */
export function accuracyText(accuracy: Accuracy, share: "top1" | "top5"): string {
  return estimateText(
    { mean: accuracy[share], standardError: accuracy.standardErrors[share] },
    FIGURE_FORMATS.accuracy,
  );
}
