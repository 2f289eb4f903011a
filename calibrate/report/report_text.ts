/**
 * The report of a calibration as text for a terminal.
 *
 * @module
 */

import { escapeText } from "../../cli/escape_text.ts";
import { textTable } from "../../cli/text_table.ts";
import { measuresTable } from "./measures_table.ts";
import { outlierSentences } from "./outliers.ts";
import type { CalibrationReport } from "./report.ts";

/**
 * Lays a report out: a table of the layers, then the verdict.
 *
 * @param files Path of the bundle, and bytes of the float network's file.
 */
export function reportText(report: CalibrationReport, files: { output: string; floatBytes: number }): string {
  const rows = report.layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.shape.join("x"),
    layer.scale,
    layer.scale === "float32" ? "" : `${(layer.clipped * 100).toFixed(3)} %`,
    decibels(layer.sqnrBefore),
    decibels(layer.sqnrAfter),
    layer.usp === undefined ? "" : describeCorrection(layer.usp, layer.uspTarget!, layer.guarded!),
  ]);
  const table = textTable(
    ["layer", "kind", "shape", "scale", "clipped", "SQNR before", "after USP", "USP"],
    rows,
    { align: ["left", "left", "left", "left", "right", "right", "right", "left"] },
  );
  const share = (report.bundleBytes / files.floatBytes * 100).toFixed(1);
  const { beforeUsp, quantized } = report.fidelity;
  const verdict = [
    measuresTable(`on ${quantized.samples} calibration samples`, [
      ...(report.float ? [{ name: "float", accuracy: report.float }] : []),
      ...(beforeUsp ? [{ name: "8 bits before USP", fidelity: beforeUsp, accuracy: report.beforeUsp }] : []),
      { name: "8 bits", fidelity: quantized, accuracy: report.quantized },
    ]),
    `${files.output}: ${report.bundleBytes} bytes, ${share} % of the float file`,
  ];
  const { outliers, warnings = [] } = report;
  const notes = [...outliers ? outlierSentences(outliers) : [], ...warnings].map((note) =>
    `warning: ${escapeText(note)}`
  );
  return [table, ...precisionText(report), ...notes, ...verdict].join("\n\n");
}

/** A table of the layers of more precision with their gain and cost, and what became of a limit on the loss. */
function precisionText({ precision, drop }: CalibrationReport): string[] {
  const texts: string[] = [];
  if (precision) {
    const { kept, bytes, time, sqnr } = precision;
    const rows = kept.map((layer) => [
      layer.name,
      layer.precision,
      decibels(layer.sqnr),
      layer.gain === null ? "" : signed(layer.gain, 1),
      signed(layer.bytes, 0),
      signed(layer.time * 100, 2),
    ]);
    texts.push(textTable(["more precision", "", "SQNR of the output", "gain dB", "bytes", "time %"], [
      ["none", "", decibels(sqnr), "", bytes.none.toString(), ""],
      ...rows,
      [`these ${kept.length} together`, "", "", "", signed(bytes.kept - bytes.none, 0), signed(time * 100, 2)],
    ], { align: ["left", "left", "right", "right", "right", "right"] }));
  }
  if (drop) {
    const lost = drop.measure === "top-1"
      ? `${drop.points.toFixed(2)} points of top-1 are lost`
      : `${drop.points.toFixed(2)} % of the samples change their class`;
    texts.push(`${lost} with ${precision?.kept.length ?? 0} layers in float32; ${drop.target} were allowed`);
  }
  return texts;
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function describeCorrection(kept: string, target: string, guarded: number): string {
  return [kept, target === "bn" ? "to bn" : "", guarded > 0 ? `(${guarded} guarded)` : ""].filter(Boolean).join(" ");
}

function decibels(value: number | null): string {
  return value === null ? "" : `${value.toFixed(1)} dB`;
}
