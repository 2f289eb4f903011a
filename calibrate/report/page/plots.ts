/**
 * The plots of a page, drawn by Observable Plot into SVG that needs no script.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { ScaleMethod } from "../../settings.ts";
import type { ChannelShifts, LayerShift, TensorDetails } from "../details.ts";
import type { LayerReport } from "../report.ts";
import { escapeHtml } from "./markup.ts";

const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
  document: NonNullable<Plot.PlotOptions["document"]>;
};

/** Colour of each method, as a property of the page's style. */
export const METHOD_COLOURS: Readonly<Record<ScaleMethod, string>> = {
  qmse: "var(--qmse)",
  minmax: "var(--minmax)",
  percentile: "var(--percentile)",
  entropy: "var(--entropy)",
};

const BEFORE = "var(--before)";
const AFTER = "var(--after)";
const SIZE = { width: 460, height: 220, marginLeft: 56 };

/** SQNR of every layer, before and after USP. */
export function layersPlot(layers: readonly LayerReport[]): string {
  const rows = layers.map((layer, index) => ({ index: index + 1, ...layer }));
  const line = (channel: "sqnrBefore" | "sqnrAfter", stroke: string) => [
    Plot.lineY(rows, { x: "index", y: channel, stroke, strokeWidth: 1.5 }),
    Plot.dot(rows, { x: "index", y: channel, fill: stroke, r: rows.length > 80 ? 1.5 : 2.5 }),
  ];
  return draw("SQNR of each layer in decibels, before and after USP", {
    width: 1080,
    height: 280,
    marginLeft: 56,
    x: { label: "layer", tickFormat: "d" },
    y: { label: "SQNR, dB", grid: true, zero: true },
    marks: [...line("sqnrBefore", BEFORE), ...line("sqnrAfter", AFTER)],
  });
}

/** The histogram of a tensor with the ranges that the methods choose. */
export function histogramPlot({ names, histogram, ranges }: TensorDetails): string {
  const { low, width, shares } = histogram;
  const least = Math.min(...shares.filter((share) => share > 0)) / 2;
  const bars = shares.map((share, index) => ({ x: low + index * width, share: Math.max(share, least) }));
  const last = { x: low + shares.length * width, share: least };
  const edges = Object.entries(ranges).flatMap(([method, range]) =>
    range.filter((edge) => edge !== 0).map((edge) => ({ edge, stroke: METHOD_COLOURS[method as ScaleMethod] }))
  );
  return draw(`Histogram of ${names[0]} with the ranges of four methods`, {
    ...SIZE,
    x: { label: "value" },
    y: { ...logarithmic(least, Math.max(...shares)), label: "share of values" },
    marks: [
      Plot.areaY([...bars, last], { x: "x", y1: least, y2: "share", curve: "step-after", fill: "var(--bars)" }),
      Plot.ruleX(edges, { x: "edge", stroke: "stroke", strokeWidth: 1.5 }),
    ],
  });
}

/** The mean squared error over thresholds, with the chosen one. */
export function curvePlot({ names, curve, chosen, error }: TensorDetails): string {
  const parts = curve.map((point) => ({ ...point, sum: point.rounding + point.clipping }));
  const floor = Math.min(...parts.map(({ sum }) => sum)) / 30;
  const line = (channel: "rounding" | "clipping" | "sum", stroke: string, strokeWidth: number) =>
    Plot.lineY(parts.filter((point) => point[channel] >= floor), { x: "threshold", y: channel, stroke, strokeWidth });
  const point = { x: Math.max(chosen[1], -chosen[0]), y: error.rounding + error.clipping };
  return draw(`Mean squared error of ${names[0]} by rounding and clipping over thresholds`, {
    ...SIZE,
    x: { type: "log", label: "threshold", tickFormat: "~g", ticks: 4 },
    y: { ...logarithmic(floor, Math.max(...parts.map(({ sum }) => sum))), label: "mean squared error" },
    marks: [
      line("rounding", "var(--rounding)", 1.5),
      line("clipping", "var(--clipping)", 1.5),
      line("sum", "currentColor", 2),
      ...(point.y > 0 ? [Plot.dot([point], { x: "x", y: "y", r: 5, fill: "var(--qmse)", stroke: "var(--page)" })] : []),
    ],
  });
}

/** Shifts of a layer's channels before and after USP, each sorted. */
export function shiftPlot(shift: LayerShift, kind: keyof ChannelShifts): string {
  const label = kind === "means" ? "shift of the mean, σ" : "log2 of the ratio of σ";
  const points = (values: readonly number[]) =>
    values.map((value, index) => ({ x: values.length > 1 ? index / (values.length - 1) * 100 : 50, value }));
  const line = (values: readonly number[], stroke: string) =>
    values.length > 1
      ? Plot.lineY(points(values), { x: "x", y: "value", stroke, strokeWidth: 2 })
      : Plot.dot(points(values), { x: "x", y: "value", fill: stroke });
  return draw(`${shift.name}: ${label} of its channels, sorted, before and after USP`, {
    ...SIZE,
    height: 180,
    x: { label: "channels, sorted, %", ticks: 5 },
    y: { label, grid: true, ticks: 5 },
    marks: [
      Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 }),
      line(shift.before[kind], BEFORE),
      line(shift.after[kind], AFTER),
    ],
  });
}

/** A logarithmic scale with a tick at each power of ten, or at every other one and so on where there are many. */
function logarithmic(low: number, high: number): Plot.ScaleOptions {
  const [first, last] = [Math.ceil(exponentOf(low)), Math.floor(exponentOf(high))];
  const step = Math.max(1, Math.ceil((last - first) / 6));
  const ticks: number[] = [];
  for (let exponent = last; exponent >= first; exponent -= step) ticks.push(Number(`1e${exponent}`));
  return { type: "log", domain: [low, high], grid: true, tickFormat: "~e", ticks: ticks.length > 1 ? ticks : 3 };
}

function exponentOf(value: number): number {
  return Math.log10(value);
}

/** Draws a plot. @param description Is read out in its place. */
function draw(description: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({ ...options, document });
  const style = svg.querySelector("style");
  style?.remove();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", escapeHtml(description));
  svg.setAttribute("class", "plot");
  return svg.toString();
}
