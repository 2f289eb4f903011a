/**
 * The head of a page: what was gained and what it cost.
 *
 * @module
 */

import type { CalibrationDetails } from "../details.ts";
import type { CalibrationReport } from "../report.ts";
import { bytesText, decibelsText, escapeHtml, htmlTable, percentText, timeText } from "./markup.ts";

/** Writes accuracy, size and time as cards, and what layers in float cost. @param floatBytes Bytes of the float network's file. */
export function verdictSection(report: CalibrationReport, details: CalibrationDetails, floatBytes: number): string {
  const { milliseconds, agreement, compared, outputSqnr } = details;
  const { float, quantized, bundleBytes } = report;
  const cards: [string, string, string][] = [];
  if (float && quantized) {
    const points = (quantized.top1 - float.top1) * 100;
    const judged = points < -1.005 ? "bad" : "good";
    cards.push([
      `Top-1 on the ${quantized.samples} calibration samples`,
      `<span class="${judged}">${percentText(quantized.top1)}</span>`,
      `float ${percentText(float.top1)}; ${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)} points; ` +
      `top-5 ${percentText(quantized.top5)} of ${percentText(float.top5)}`,
    ]);
  }
  cards.push(
    [
      "Same class as the float network",
      percentText(agreement, 1),
      `on ${compared} samples; SQNR of the output ${decibelsText(outputSqnr)}`,
    ],
    ["Size", bytesText(bundleBytes), `${percentText(bundleBytes / floatBytes, 1)} of ${bytesText(floatBytes)}`],
    [
      "Time of one sample",
      timeText(milliseconds.quantized),
      `float ${timeText(milliseconds.float)}; ${(milliseconds.float / milliseconds.quantized).toFixed(1)} times ` +
      `as fast (${escapeHtml(milliseconds.kernels)} kernels, this machine)`,
    ],
  );
  const list = cards.map(([name, value, note]) =>
    `<dl class="card"><dt>${name}</dt><dd class="large">${value}</dd><dd class="small">${note}</dd></dl>`
  );
  return `<div class="cards">\n${list.join("\n")}\n</div>\n${precisionTable(report)}`;
}

function precisionTable({ precision, drop }: CalibrationReport): string {
  const limit = drop
    ? `<p>${drop.points.toFixed(2)} ${drop.measure === "top-1" ? "points of top-1" : "% of the classes"} ` +
      `${drop.measure === "top-1" ? "are lost" : "change"}; ${drop.target} were allowed.</p>`
    : "";
  if (!precision || precision.kept.length === 0) return limit;
  const rows = precision.kept.map(({ name, sqnr, bytes, milliseconds }) => [
    escapeHtml(name),
    decibelsText(sqnr),
    `+${bytesText(Math.max(0, bytes))}`,
    `${milliseconds < 0 ? "−" : "+"}${timeText(Math.abs(milliseconds))}`,
  ]);
  const head = ["layer", "SQNR of the output with it alone in float", "bytes", "time"];
  return `<h2>Layers in float32</h2>\n<p>Left in float because their quantisation costs most: with none of them, the ` +
    `output has ${decibelsText(precision.sqnr)} before any correction.</p>\n${limit}` +
    htmlTable({ caption: "Layers in float32 and what they cost", head, rows });
}
