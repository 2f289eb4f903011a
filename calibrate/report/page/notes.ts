/**
 * What a page says of the calibration beside its results.
 *
 * @module
 */

import { outlierSentences } from "../outliers.ts";
import type { Provenance } from "../provenance.ts";
import type { CalibrationReport } from "../report.ts";
import { escapeHtml } from "./markup.ts";

/** Writes what is unusual about the samples; nothing where nothing is. */
export function warningsSection({ outliers, warnings = [] }: CalibrationReport): string {
  const sentences = [...outliers ? outlierSentences(outliers) : [], ...warnings];
  if (sentences.length === 0) return "";
  return `<ul>\n${sentences.map((text) => `<li class="bad">${escapeHtml(text)}</li>`).join("\n")}\n</ul>\n`;
}

/** Writes what the calibration was made by and of. */
export function provenanceText({ octet, command, networkFile, samples, bundle }: Provenance): string {
  const hashes = [
    ...(networkFile === undefined ? [] : [`network ${code(networkFile)}`]),
    `${samples.count} samples ${code(samples.hash)}`,
    `bundle ${code(bundle)}`,
  ];
  const by = command === undefined ? "" : ` by ${code(command)}`;
  return `Made by Octet ${escapeHtml(octet)}${by}. SHA-256: ${hashes.join(", ")}.`;
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`;
}
