/**
 * The comparison as a table, for terminals and in Markdown.
 *
 * @module
 */

import { textTable } from "../../cli/text_table.ts";
import type { Row } from "./rows.ts";

const HEADER = ["benchmark", "peer", "Octet", "peer's", "Octet / peer", "Octet's GMAC/s", "required", "met"];
const ALIGN = ["left", "left", "right", "right", "right", "right", "left", "left"] as const;

/** Lays rows out for a terminal. */
export function comparisonText(rows: readonly Row[]): string {
  return textTable(HEADER, rows.map(cells), { align: [...ALIGN] });
}

/** Lays rows out in Markdown. */
export function comparisonMarkdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = ALIGN.map((side) => side === "right" ? "---:" : "---");
  return [line(HEADER), line(rule), ...rows.map((row) => line(cells(row)))].join("\n");
}

function cells({ title, peer, unit, octet, other, ratio, rate, required, met }: Row): string[] {
  const figure = (value: number | undefined) => value === undefined ? "wrong result" : `${significant(value)} ${unit}`;
  return [
    title,
    peer,
    figure(octet),
    peer === "" ? "" : figure(other),
    ratio === undefined ? "" : ratio.toFixed(3),
    rate === undefined ? "" : rate.toFixed(1),
    required ?? "",
    met === undefined ? "" : met ? "yes" : "no",
  ];
}

/** Three significant digits, without an exponent. */
function significant(value: number): string {
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(value))));
}
