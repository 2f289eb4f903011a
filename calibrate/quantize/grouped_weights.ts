/**
 * Weights of 4 bits: levels from -7 to 7, times a small multiplier for each
 * group of weights, times a scale for each output channel. Level x multiplier
 * fits 8 bits, so kernels compute with them as with any other weights.
 *
 * @module
 */

import { largestMagnitude, minMaxWeightScale, qmseWeightScale, weightError } from "../scales/weight_scale.ts";

/** Greatest level of weights of 4 bits. */
export const TOP_LEVEL = 7;
/** Greatest multiplier: with the greatest level it stays within 127. */
export const MOST_MULTIPLIER = 18;
/** Least multiplier that is tried for a channel's widest group. */
const LEAST_WIDEST = 9;

/** Weights of one output channel in the kernel's order. */
export interface WeightRow {
  weights: Float32Array;
  /** Factor on the squared error of each weight; 1 where absent. */
  importance: Float32Array | undefined;
}

/** How a channel's groups are quantised. */
export interface GroupingOptions {
  method: "qmse" | "minmax";
  /** Weights in a group. */
  group: number;
}

/** A channel with the step that suits each of its groups. */
export interface GroupedRow extends WeightRow {
  /** Weights in a group. */
  group: number;
  /** Distance of the levels that suits each group best; 0 where all its weights are zero. */
  steps: Float64Array;
}

/** Finds the step that suits each group of a channel. */
export function groupRow(row: WeightRow, { method, group }: GroupingOptions): GroupedRow {
  const choose = method === "qmse" ? qmseWeightScale : minMaxWeightScale;
  const steps = Float64Array.from({ length: Math.ceil(row.weights.length / group) }, (_, index) => {
    const range = rangeOf(row, group, index);
    return largestMagnitude(range) === 0 ? 0 : choose(range, 4);
  });
  return { ...row, group, steps };
}

/**
 * The scale of least squared error for channels that share it, by which a
 * channel's widest group has a multiplier of 9 to 18; by min-max, 18.
 *
 * @returns 0 where all weights are zero.
 */
export function groupedScale(rows: readonly GroupedRow[], method: GroupingOptions["method"]): number {
  const widest = rows.reduce((most, { steps }) => steps.reduce((a, b) => Math.max(a, b), most), 0);
  let best = Math.fround(widest / MOST_MULTIPLIER);
  if (method === "minmax" || widest === 0) return best;
  let least = Infinity;
  for (let multiplier = MOST_MULTIPLIER; multiplier >= LEAST_WIDEST; multiplier--) {
    const scale = Math.fround(widest / multiplier);
    const error = rows.reduce((sum, row) => sum + chooseMultipliers(row, scale).error, 0);
    if (error < least) [best, least] = [scale, error];
  }
  return best;
}

/** The multiplier of least squared error of each group, and the sum of these errors. */
export function chooseMultipliers(row: GroupedRow, scale: number): { multipliers: Uint8Array; error: number } {
  let error = 0;
  const multipliers = Uint8Array.from(row.steps, (step, index) => {
    const range = rangeOf(row, row.group, index);
    const errorAt = (multiplier: number) => weightError(range, scale * multiplier, TOP_LEVEL);
    const low = bounded(Math.floor(step / scale));
    const high = bounded(Math.ceil(step / scale));
    const [lowError, highError] = [errorAt(low), errorAt(high)];
    error += Math.min(lowError, highError);
    return lowError < highError ? low : high;
  });
  return { multipliers, error };
}

function bounded(multiplier: number): number {
  return Math.min(MOST_MULTIPLIER, Math.max(1, multiplier));
}

function rangeOf({ weights, importance }: WeightRow, group: number, index: number) {
  return { weights, importance, start: index * group, end: Math.min(weights.length, (index + 1) * group) };
}
