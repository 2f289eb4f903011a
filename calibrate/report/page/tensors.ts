/**
 * The distributions behind the scales, and the shifts of statistics.
 *
 * @module
 */

import type { CalibrationDetails, LayerShift, TensorDetails } from "../details.ts";
import { escapeHtml, numberText, percentText } from "./markup.ts";
import { curvePlot, histogramPlot, METHOD_COLOURS, shiftPlot } from "./plots.ts";

/** Sections that are open from the beginning. */
const OPEN = 2;
const METHOD_NAMES = { qmse: "QMSE", minmax: "min-max", percentile: "percentile", entropy: "entropy" } as const;

/** Writes a fold for each tensor, with its histogram, its ranges and the curve of QMSE. */
export function tensorsSection({ tensors }: CalibrationDetails): string {
  const methods = Object.entries(METHOD_COLOURS).map(([method, colour]) =>
    `<li style="--colour:${colour}">${METHOD_NAMES[method as keyof typeof METHOD_NAMES]}</li>`
  );
  return `<h2>Scales</h2>
<p>The values of the float network on the calibration samples, the range that each method would represent, and the mean squared error that QMSE minimises: the narrower the range, the finer the steps, and the more is clipped. The dot is the scale in use.</p>
<ul class="legend">${
    methods.join("")
  }<li style="--colour:var(--rounding)">rounding</li><li style="--colour:var(--clipping)">clipping</li><li style="--colour:currentColor">both</li></ul>
${tensors.map(tensorFold).join("\n")}`;
}

function tensorFold(tensor: TensorDetails, index: number): string {
  const [first, ...others] = tensor.names;
  const name = others.length > 0 ? `${first} and ${others.length} more` : first;
  const [low, high] = tensor.chosen;
  const { rounding, clipping } = tensor.error;
  const facts = [
    `${tensor.method}: ${numberText(low)} to ${numberText(high)}`,
    ...(tensor.narrowest === undefined
      ? []
      : [`each channel has its own grid, the narrowest ${percentText(tensor.narrowest, 1)} of this`]),
    ...(rounding + clipping > 0
      ? [`${percentText(clipping / (rounding + clipping), 0)} of the error is clipping`]
      : []),
    ...(tensor.zeros > 0 ? [`${percentText(tensor.zeros, 1)} zeros`] : []),
  ];
  const plots = tensor.histogram.shares.length === 0
    ? "<p>All values are zero.</p>"
    : figure("Histogram and ranges", histogramPlot(tensor)) +
      (tensor.curve.length > 0 ? figure("Error over thresholds", curvePlot(tensor)) : "");
  return fold(name, facts, plots, index < OPEN);
}

/** Writes a fold for each layer with the shifts of its channels. */
export function shiftsSection({ shifts }: CalibrationDetails): string {
  return `<h2>Statistics</h2>
<p>How far quantisation moves mean and standard deviation σ of each channel of a layer's result, against the float network on the same samples; channels sorted, zero is right.</p>
<ul class="legend"><li style="--colour:var(--before)">without USP</li><li style="--colour:var(--after)">with USP</li></ul>
${shifts.map(shiftFold).join("\n")}`;
}

function shiftFold(shift: LayerShift, index: number): string {
  const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const facts = [
    `largest shift of a mean ${numberText(largest(shift.before.means))} σ, with USP ` +
    `${numberText(largest(shift.after.means))} σ`,
  ];
  if (shift.before.means.length === 0) return fold(shift.name, ["no channel varies"], "", false);
  const plots = figure("Means", shiftPlot(shift, "means")) + figure("Spread", shiftPlot(shift, "deviations"));
  return fold(shift.name, facts, plots, index < OPEN);
}

function fold(name: string, facts: readonly string[], plots: string, open: boolean): string {
  const spans = facts.map((fact) => `<span>${escapeHtml(fact)}</span>`).join("");
  return `<details${open ? " open" : ""}><summary><h3>${escapeHtml(name)}</h3>${spans}</summary>` +
    `<div class="plots">${plots}</div></details>`;
}

function figure(caption: string, plot: string): string {
  return `<figure><figcaption>${caption}</figcaption>${plot}</figure>`;
}
