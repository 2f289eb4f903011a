/**
 * The samples on which quantisation does most harm.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { CalibrationDetails, WorstSample } from "../details.ts";
import { decibelsText, escapeHtml } from "./markup.ts";

/** Writes a card for each sample. @param classes Names of the classes, where they are known. */
export function samplesSection({ worst }: CalibrationDetails, classes: readonly string[] | undefined): string {
  return `<h2>Worst samples</h2>
<p>First those of which the class changes, then those whose output has the least SQNR.</p>
<div class="samples">
${worst.map((sample) => sampleCard(sample, classes)).join("\n")}
</div>`;
}

function sampleCard(sample: WorstSample, classes: readonly string[] | undefined): string {
  const nameOf = (index: number) => escapeHtml(classes?.[index] ?? `class ${index}`);
  const picture = sample.picture
    ? `<img alt="Sample ${sample.sample}" src="data:image/png;base64,${
      Buffer.from(sample.picture).toString("base64")
    }">`
    : "";
  const judge = (said: number) => sample.label === undefined ? "" : said === sample.label ? "good" : "bad";
  const lines = [
    `<strong>Sample ${sample.sample}</strong>, ${decibelsText(sample.sqnr)}`,
    `float: <span class="${judge(sample.float)}">${nameOf(sample.float)}</span>`,
    `8 bits: <span class="${judge(sample.quantized)}">${nameOf(sample.quantized)}</span>`,
    ...(sample.label === undefined ? [] : [`right: ${nameOf(sample.label)}`]),
  ];
  return `<div class="sample">${picture}<div>${lines.join("<br>")}</div></div>`;
}
