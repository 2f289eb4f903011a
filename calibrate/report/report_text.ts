/**
 * The report of a calibration as text for a terminal.
 *
 * @module
 */

import type { Accuracy } from "./accuracy.ts";
import type { CalibrationReport } from "./report.ts";
import { textTable } from "./text_table.ts";

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
  const verdict = [`${files.output}: ${report.bundleBytes} bytes, ${share} % of the float file`];
  if (report.float && report.quantized) {
    verdict.unshift(
      textTable(["on the calibration samples", "top-1", "top-5"], [
        ["float", ...percents(report.float)],
        ...(report.beforeUsp ? [["8 bits before USP", ...percents(report.beforeUsp)]] : []),
        ["8 bits", ...percents(report.quantized)],
      ], { align: ["left", "right", "right"] }),
    );
  }
  return [table, ...verdict].join("\n\n");
}

/** Shares of right answers as text. */
export function percents({ top1, top5 }: Pick<Accuracy, "top1" | "top5">): [string, string] {
  return [`${(top1 * 100).toFixed(2)} %`, `${(top5 * 100).toFixed(2)} %`];
}

function describeCorrection(kept: string, target: string, guarded: number): string {
  return [kept, target === "bn" ? "to bn" : "", guarded > 0 ? `(${guarded} guarded)` : ""].filter(Boolean).join(" ");
}

function decibels(value: number | null): string {
  return value === null ? "" : `${value.toFixed(1)} dB`;
}
