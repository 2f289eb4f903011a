/**
 * The layers of a network in order: error, clipping, bytes and time.
 *
 * @module
 */

import type { CalibrationDetails } from "../details.ts";
import type { CalibrationReport } from "../report.ts";
import { bytesText, decibelsText, escapeHtml, htmlTable, percentText, timeText } from "./markup.ts";
import { layersPlot } from "./plots.ts";

/** Writes a plot of SQNR and a table with a row for each layer. */
export function layersSection({ layers }: CalibrationReport, { costs }: CalibrationDetails): string {
  const most = {
    bytes: Math.max(1, ...costs.map(({ bytes }) => bytes)),
    milliseconds: Math.max(1e-9, ...costs.map(({ milliseconds }) => milliseconds)),
  };
  const rows = layers.map((layer, index) => {
    const { bytes, milliseconds } = costs[index];
    return [
      `<span title="${escapeHtml(layer.name)}">${index + 1} ${escapeHtml(layer.name)}</span>`,
      decibelsText(layer.sqnrBefore),
      decibelsText(layer.sqnrAfter),
      layer.scale === "float32" ? "" : percentText(layer.clipped, 3),
      meter(bytes / most.bytes, bytesText(bytes)),
      meter(milliseconds / most.milliseconds, timeText(milliseconds)),
      escapeHtml(layer.scale),
      escapeHtml([layer.usp ?? "", layer.guarded ? `(${layer.guarded} guarded)` : ""].join(" ").trim()),
      escapeHtml(layer.kind),
      layer.shape.join("×"),
    ];
  });
  const head = ["layer", "SQNR", "after USP", "clipped", "bytes", "time", "scale", "USP", "kind", "shape"];
  return `<h2>Layers</h2>
<p>Signal to quantisation noise of each result against the float network's, with all that the layers before have done: 6 dB are one bit. What counts is the last layer.</p>
<ul class="legend"><li style="--colour:var(--before)">without USP</li><li style="--colour:var(--after)">with USP</li></ul>
<div class="scroll" tabindex="0" role="region" aria-label="Plot of the layers">${layersPlot(layers)}</div>
<p></p>
${htmlTable({ caption: "All layers in order", head, rows })}`;
}

function meter(share: number, text: string): string {
  return `<span class="meter" style="--share:${(share * 100).toFixed(1)}%">${text}</span>`;
}
