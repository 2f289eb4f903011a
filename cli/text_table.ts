/**
 * Tables for terminals.
 *
 * @module
 */

import { escapeText } from "./escape_text.ts";

/** How a table is laid out. */
export interface TextTableOptions {
  /** Side of each column; by default right where all of a column's cells are numbers. */
  align?: ("left" | "right")[];
}

const GAP = "  ";

/**
 * Lays cells out in aligned columns of plain text.
 *
 * Control characters are escaped, so that every row is one line.
 *
 * @param header Title of each column.
 * @param rows As many cells per row as there are titles.
 * @returns The header, a rule and the rows, without a newline at the end.
 * @throws {RangeError} Where a row has more or fewer cells than the header.
 */
export function textTable(header: string[], rows: (string | number)[][], options: TextTableOptions = {}): string {
  for (const [index, row] of rows.entries()) {
    if (row.length !== header.length) {
      throw new RangeError(`Row ${index} of the table has ${row.length} cells: ${header.length} expected`);
    }
  }
  const align = options.align ?? header.map((_, column) => isNumeric(rows, column) ? "right" : "left");
  if (align.length !== header.length) {
    throw new RangeError(`The table has ${header.length} columns: alignment given for ${align.length}`);
  }
  const cells = [header, ...rows].map((row) => row.map((cell) => escapeText(String(cell))));
  const widths = header.map((_, column) => cells.reduce((width, row) => Math.max(width, widthOf(row[column])), 0));
  const lines = cells.map((row) => layOut(row, widths, align));
  const rule = widths.map((width) => "-".repeat(width)).join(GAP);
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function isNumeric(rows: (string | number)[][], column: number): boolean {
  return rows.length > 0 && rows.every((row) => typeof row[column] === "number");
}

function layOut(row: string[], widths: number[], align: ("left" | "right")[]): string {
  return row.map((cell, column) => {
    const space = " ".repeat(widths[column] - widthOf(cell));
    return align[column] === "right" ? space + cell : cell + space;
  }).join(GAP).trimEnd();
}

function widthOf(text: string): number {
  return [...text].length;
}
