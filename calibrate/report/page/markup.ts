/**
 * Text in HTML.
 *
 * @module
 */

import { escapeText } from "../../../cli/escape_text.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Any text as text of a page or of a quoted attribute; control characters become visible. */
export function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A table. @param rows HTML of the cells; the first of each row is its heading. */
export function htmlTable(
  { caption, head, rows }: { caption: string; head: readonly string[]; rows: readonly (readonly string[])[] },
): string {
  const headings = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("");
  const body = rows.map(([first, ...cells]) =>
    `<tr><th scope="row">${first}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`
  ).join("\n");
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>` +
    `<caption>${
      escapeHtml(caption)
    }</caption><thead><tr>${headings}</tr></thead>\n<tbody>\n${body}\n</tbody></table></div>`;
}

/** Bytes with a unit. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

/** A time with a unit. */
export function timeText(milliseconds: number): string {
  return milliseconds < 0.1 ? `${(milliseconds * 1000).toFixed(1)} µs` : `${milliseconds.toFixed(2)} ms`;
}

/** Decibels, or nothing where there is no error. */
export function decibelsText(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(1)} dB`;
}

/** A share as a percentage. */
export function percentText(share: number, digits = 2): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** A number in four digits. */
export function numberText(value: number): string {
  return value === 0 ? "0" : value.toPrecision(4).replace(/\.?0+($|e)/, "$1");
}
