/**
 * From observed distributions to the decisions of quantisation.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import type { FormChoice } from "../lower/forms.ts";
import { type Histogram, uniteHistograms } from "../observe/histogram.ts";
import { entropyGrid } from "../scales/entropy.ts";
import { minMaxGrid } from "../scales/min_max.ts";
import { percentileGrid } from "../scales/percentile.ts";
import { qmseGrid } from "../scales/qmse.ts";
import type { Grid } from "../scales/score.ts";
import type { ParameterGroup } from "./observed_values.ts";
import type { QuantizationPlan } from "./plan.ts";
import { quantizeWeights, type WeightGranularity } from "./quantize_weights.ts";

/** Methods that choose activation scales. */
export type ScaleMethod = "qmse" | "minmax" | "percentile" | "entropy";

/** What was seen of one value. */
export interface Observation {
  histogram: Histogram;
  /** Raw values, the same positions of every sample. */
  raw: Float32Array;
}

/** How a plan is made. */
export interface PlanOptions {
  scales: ScaleMethod;
  weights: WeightGranularity;
}

/** How the scale of a value was chosen; for the report. */
export interface ScaleChoice {
  /** "fixed" where the activation function settles it. */
  method: ScaleMethod | "fixed";
  /** Share of the values outside the range, 0 to 1. */
  clipped: number;
}

/**
 * Chooses the scale of every parameter group and quantises all weights.
 *
 * @param observations What was seen of each group's sources, by value name.
 * @returns The plan without corrections of statistics, and how each value's scale came about.
 */
export function makePlan(
  graph: Graph,
  network: { forms: FormChoice; groups: readonly ParameterGroup[]; observations: ReadonlyMap<string, Observation> },
  options: PlanOptions,
): { plan: QuantizationPlan; choices: Map<string, ScaleChoice> } {
  const plan: QuantizationPlan = { values: new Map(), weights: new Map(), corrections: new Map() };
  const choices = new Map<string, ScaleChoice>();
  for (const group of network.groups) {
    const seen = group.sources.map((source) => network.observations.get(source)!);
    const histogram = seen.length === 1 ? seen[0].histogram : uniteHistograms(seen.map(({ histogram }) => histogram));
    const raw = concatenate(seen.map(({ raw }) => raw));
    const grid = group.fixed ? { ...group.fixed, levels: 255 } : chooseGrid(histogram, raw, options.scales);
    const choice: ScaleChoice = {
      method: group.fixed ? "fixed" : options.scales,
      clipped: clippedShare(histogram, grid),
    };
    for (const member of group.members) {
      plan.values.set(member, { scale: grid.scale, zeroPoint: grid.zeroPoint });
      choices.set(member, choice);
    }
  }
  const weightOptions = {
    granularity: options.weights,
    method: options.scales === "qmse" ? "qmse" : "minmax",
  } as const;
  for (const node of graph.nodes) {
    if (node.op !== "convolution" && node.op !== "fullyConnected") continue;
    if (!network.forms.computed.has(node.output)) continue;
    const input = plan.values.get(node.inputs[0]);
    if (!input) continue;
    plan.weights.set(node.output, quantizeWeights(node, input, weightOptions));
    plan.corrections.set(node.output, {
      gain: new Float64Array(node.bias.length).fill(1),
      bias: Float64Array.from(node.bias),
    });
  }
  return { plan, choices };
}

function chooseGrid(histogram: Histogram, raw: Float32Array, method: ScaleMethod): Grid {
  switch (method) {
    case "qmse":
      return qmseGrid(histogram, raw);
    case "minmax":
      return minMaxGrid(histogram);
    case "percentile":
      return percentileGrid(histogram);
    case "entropy":
      return entropyGrid(histogram);
  }
}

/** Share of the values more than half a step outside a grid's range, to the bins' resolution. */
export function clippedShare(histogram: Histogram, { scale, zeroPoint, levels }: Grid): number {
  if (histogram.exponent === null) return 0;
  const width = 2 ** histogram.exponent;
  const high = (levels - zeroPoint + 0.5) * scale;
  const low = (zeroPoint + 0.5) * scale;
  let outside = 0;
  for (const [side, limit] of [[histogram.positive, high], [histogram.negative, low]] as const) {
    for (let bin = Math.ceil(limit / width); bin < side.length; bin++) outside += side[bin];
  }
  histogram.atoms.forEach((atom, index) => {
    if (atom > high || atom < -low) outside += histogram.atomCounts[index];
  });
  return outside / histogram.count;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
