/**
 * The head of a page: what was gained and what it cost.
 *
 * @module
 */

import { type Estimate, estimateText } from "../../estimate.ts";
import type { CalibrationDetails } from "../details.ts";
import { FIGURE_FORMATS } from "../measures_table.ts";
import type { CalibrationReport } from "../report.ts";
import { bytesText, decibelsText, escapeHtml, htmlTable, percentText, timeText } from "./markup.ts";

const FIGURES = [
  { key: "divergence", name: "KL divergence from the float network&#39;s classes", unit: "" },
  { key: "sqnr", name: "SQNR of the output", unit: " dB" },
  { key: "same", name: "Same class as the float network", unit: " %" },
] as const;

/** What a card says: of what, its figure, and a note. */
type Card = [name: string, value: string, note: string];

/** Writes fidelity, accuracy, size and time as cards, and what layers in float cost. @param floatBytes Bytes of the float network's file. */
export function verdictSection(report: CalibrationReport, details: CalibrationDetails, floatBytes: number): string {
  const { milliseconds } = details;
  const { float, quantized, bundleBytes } = report;
  const cards = fidelityCards(report);
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

function fidelityCards({ fidelity: { beforeUsp, quantized } }: CalibrationReport): Card[] {
  return FIGURES.filter(({ key }) => key === "sqnr" || quantized[key]).map(({ key, name, unit }) => {
    const text = (estimate: Estimate) => estimateText(estimate, FIGURE_FORMATS[key]) + unit;
    const [figure, before] = [quantized[key], beforeUsp?.[key]];
    const [value, error] = figure ? text(figure).split(" ± ") : ["–"];
    const notes = [
      ...(error === undefined ? [] : [`± ${error}`]),
      ...(before ? [`${text(before)} without USP`] : []),
      `on ${quantized.samples} calibration samples`,
    ];
    return [name, error === undefined ? value : value + unit, notes.join("; ")];
  });
}

function precisionTable({ precision, drop }: CalibrationReport): string {
  const limit = drop
    ? `<p>${drop.points.toFixed(2)} ${drop.measure === "top-1" ? "points of top-1" : "% of the classes"} ` +
      `${drop.measure === "top-1" ? "are lost" : "change"}; ${drop.target} were allowed.</p>`
    : "";
  if (!precision || precision.kept.length === 0) return limit;
  const rows = precision.kept.map(({ name, precision, sqnr, gain, bytes, time }) => [
    escapeHtml(name),
    precision,
    decibelsText(sqnr),
    gain === null ? "" : decibelsText(gain),
    `+${bytesText(Math.max(0, bytes))}`,
    `${time < 0 ? "−" : "+"}${percentText(Math.abs(time))}`,
  ]);
  const head = ["layer", "precision", "SQNR of the output", "gain", "bytes", "time, estimated"];
  return `<h2>Layers of more precision</h2>\n<p>Their quantisation would cost most: with none of them, the ` +
    `output has ${decibelsText(precision.sqnr)} before any correction.</p>\n${limit}` +
    htmlTable({ caption: "Layers of more precision and what they cost", head, rows });
}
