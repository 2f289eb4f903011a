/**
 * The weights whose results on the inputs of the quantised network come nearest
 * to those of the float layer on the float network's inputs.
 *
 * With x the quantised inputs and x + d those of the float network, weights w
 * give w (x + d) there; of weights w + u here the cost is E[(u x - w d)^2], plus
 * a ridge that keeps u small. So u solves (H + ridge) u = E[x d^T] w. It is the
 * asymmetric calibration of Li et al., GPTAQ, 2025, and Zhang et al., Qronos, 2025.
 *
 * @module
 */

import { type Gram, SHIFT_UNITS } from "../observe/gram.ts";
import { type ErrorCost, errorCost } from "./round_weights.ts";

/** Most channels of a group that are looked at to see how far the change of weights holds for other samples. */
const MOST_JUDGED = 32;

/** Weights of channels, [channels, inputs], in the kernel's order. */
export interface WeightRows {
  weights: Float64Array;
  channels: number;
}

/** What goes into a layer. */
export interface LayerInputs {
  /** The sums of two parts of the samples, each for each of the layer's groups. */
  parts: readonly [readonly Gram[], readonly Gram[]];
  /** Those of both parts together, for each group. */
  grams: readonly Gram[];
  /** What errors cost by these. */
  costs: readonly ErrorCost[];
  /** Share of the square of a constant shift of a sum that costs nothing. */
  centred: number;
}

/**
 * The change of a layer's weights that makes up for the errors of its inputs.
 *
 * It is worked out from each of two parts of the samples and judged on the
 * other; the change from all is shrunk to the share that is best there.
 *
 * @param rows Weights of the layer's channels, those of a group next to each other.
 * @param channels Those to change, from the first to the last but one.
 * @returns What is added to the weights of these channels, [channels, inputs].
 */
export function changeTowardsFloat(
  { parts, grams, costs, centred }: LayerInputs,
  { weights, channels }: WeightRows,
  [first, end]: readonly [number, number],
): Float64Array {
  const depth = weights.length / channels;
  const perGroup = channels / grams.length;
  const row = (channel: number) => weights.subarray(channel * depth, (channel + 1) * depth);
  const share = provenShare();
  const change = new Float64Array((end - first) * depth);
  if (share === 0) return change;
  for (let channel = first; channel < end; channel++) {
    const group = Math.floor(channel / perGroup);
    const own = solve(costs[group], pullOf(grams[group], row(channel), centred));
    for (let k = 0; k < depth; k++) change[(channel - first) * depth + k] = share * own[k];
  }
  return change;

  /** The share of the change that is best on samples that it was not worked out from, 0 to 1. */
  function provenShare(): number {
    let [gained, spent] = [0, 0];
    const step = Math.max(1, Math.floor(perGroup / MOST_JUDGED));
    for (let group = 0; group < grams.length; group++) {
      const halves = parts.map((part) => errorCost(part[group], centred));
      for (let channel = group * perGroup; channel < (group + 1) * perGroup; channel += step) {
        const own = row(channel);
        const scale = 1 / (costOf(grams[group], own, own, centred) || 1);
        parts.forEach((part, index) => {
          const other = parts[1 - index][group];
          const found = solve(halves[index], pullOf(part[group], own, centred));
          const factor = scale * grams[group].count / (other.count || 1);
          gained += factor * dot(found, pullOf(other, own, centred));
          spent += factor * costOf(other, found, found, centred);
        });
      }
    }
    return spent > 0 ? Math.min(1, Math.max(0, gained / spent)) : 0;
  }
}

/** E[x d^T] w of a channel, times the number of positions. */
function pullOf({ count, sums, shifts, crossings }: Gram, weights: Float64Array, centred: number): Float64Array {
  const depth = weights.length;
  const pull = new Float64Array(depth);
  let mean = 0;
  for (let a = 0; a < depth; a++) {
    const weight = weights[a];
    mean += weight * shifts[a];
    for (let b = 0; b < depth; b++) pull[b] += weight * crossings[a * depth + b];
  }
  const shift = count > 0 ? centred * mean / count : 0;
  return pull.map((value, b) => (value - shift * sums[b]) / SHIFT_UNITS);
}

/** e^T H f. */
function costOf({ count, sums, products }: Gram, e: Float64Array, f: Float64Array, centred: number): number {
  const depth = e.length;
  let sum = 0;
  for (let a = 0; a < depth; a++) {
    let row = 0;
    for (let b = 0; b < depth; b++) row += products[a * depth + b] * f[b];
    sum += e[a] * row;
  }
  return count > 0 ? sum - centred * dot(sums, e) * dot(sums, f) / count : sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/** The solution u of H u = right, with the damping of the cost. */
function solve({ order, lower, pivots }: ErrorCost, right: Float64Array): Float64Array {
  const depth = order.length;
  const u = Float64Array.from(order, (k) => right[k]);
  for (let i = 0; i < depth; i++) {
    let sum = u[i];
    for (let k = 0; k < i; k++) sum -= lower[i * depth + k] * u[k];
    u[i] = sum;
  }
  for (let i = 0; i < depth; i++) u[i] /= pivots[i];
  for (let i = depth - 1; i > 0; i--) {
    for (let k = 0; k < i; k++) u[k] -= lower[i * depth + k] * u[i];
  }
  const solution = new Float64Array(depth);
  order.forEach((k, i) => solution[k] = u[i]);
  return solution;
}
