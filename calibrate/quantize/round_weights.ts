/**
 * Rounding of weights in which the later ones make up for the errors of the
 * earlier ones, as far as their inputs go together.
 *
 * The closed form of Frantar et al., GPTQ, 2023: of the error e = w - q of an
 * output channel the cost is e^T H e, with H from the layer's inputs. With the
 * Cholesky factor H = L D L^T (L of unit diagonal) it is the sum of
 * D[k] (e[k] + sum over j > k of L[j][k] e[j])^2, so each weight, from the last
 * to the first, is rounded after what the errors of those before it add to it.
 * That is GPTQ without the inverse (Chee et al., QuIP, 2023, theorem 6).
 * Afterwards each weight is rounded again, given the errors of all others, as
 * long as one changes: no such step raises e^T H e. Rounding to the nearest
 * level is refined alike; what costs less is kept, so that GPTQ never costs more.
 *
 * @module
 */

import { fourDimensions, type LayerNode } from "../graph/layers.ts";
import { kernelOrder } from "../lower/pack_weights.ts";
import type { Gram } from "../observe/gram.ts";
import type { WeightQuantization } from "../plan.ts";
import { TOP_LEVEL } from "./grouped_weights.ts";
import { roundToLevel } from "./quantize_weights.ts";

/** Most products a sum for which errors are weighed against each other. */
export const MOST_INPUTS = 2304;
/** Added to the diagonal, as a share of its mean: few samples tell little of how inputs go together. */
const DAMPING = 0.05;
/** Most times that all weights of a channel are looked at again. */
const MOST_SWEEPS = 8;

/** What errors of weights cost, in the order in which they are rounded: from the last to the first. */
export interface ErrorCost {
  /** Positions in the kernel's order. */
  order: Int32Array;
  /** H, [inputs, inputs]. */
  products: Float64Array;
  /** L, the lower triangle with unit diagonal, [inputs, inputs]. */
  lower: Float64Array;
  /** D. */
  pivots: Float64Array;
}

/**
 * Works out what errors of weights cost. Inputs with the least energy come first.
 *
 * @param centred Share, 0 to 1, of the square of a constant shift of a sum that costs nothing, as a correction removes it.
 */
export function errorCost(
  { count, sums, products }: Pick<Gram, "count" | "sums" | "products">,
  centred: number,
): ErrorCost {
  const depth = sums.length;
  const costOf = (a: number, b: number) =>
    products[a * depth + b] - (count > 0 ? centred * sums[a] * sums[b] / count : 0);
  const diagonal = sums.map((_, k) => costOf(k, k));
  const order = Int32Array.from(diagonal.keys()).sort((a, b) => diagonal[a] - diagonal[b] || b - a);
  // Inputs that are all zero leave nothing to weigh errors by.
  const damping = DAMPING * diagonal.reduce((sum, value) => sum + value, 0) / depth || 1;
  const cost = new Float64Array(depth * depth);
  for (let i = 0; i < depth; i++) {
    for (let j = 0; j < depth; j++) cost[i * depth + j] = costOf(order[i], order[j]) + (i === j ? damping : 0);
  }
  return { order, products: cost, ...factor(cost, depth) };
}

/** L and D of H = L D L^T. */
function factor(products: Float64Array, depth: number): { lower: Float64Array; pivots: Float64Array } {
  const lower = new Float64Array(depth * depth);
  for (let i = 0; i < depth; i++) {
    const row = i * depth;
    for (let j = 0; j <= i; j++) {
      const other = j * depth;
      let sum = products[row + j];
      for (let k = 0; k < j; k++) sum -= lower[row + k] * lower[other + k];
      lower[row + j] = i === j ? Math.sqrt(sum) : sum / lower[other + j];
    }
  }
  const pivots = Float64Array.from({ length: depth }, (_, j) => lower[j * depth + j]);
  for (let i = 0; i < depth; i++) {
    for (let j = 0; j <= i; j++) lower[i * depth + j] /= pivots[j];
  }
  return { lower, pivots: pivots.map((pivot) => pivot * pivot) };
}

/**
 * Rounds a layer's weights anew, to the scales and multipliers that they have.
 *
 * @param costs One for each group of the layer.
 * @param channels The output channels to round, from the first to the last but one; all where absent.
 * @returns The values of these channels.
 */
export function roundWeights(
  node: LayerNode,
  { scales, groups }: WeightQuantization,
  costs: readonly ErrorCost[],
  [first, end]: readonly [number, number] = [0, scales.length],
): Int8Array {
  const kernel = kernelOrder(fourDimensions(node));
  const depth = kernel.length;
  const top = groups ? TOP_LEVEL : 127;
  const perChannel = groups ? groups.multipliers.length / scales.length : 0;
  const values = new Int8Array((end - first) * depth);
  for (let channel = first; channel < end; channel++) {
    const cost = costs[Math.floor(channel * costs.length / scales.length)];
    const weights = Float64Array.from(cost.order, (k) => node.weights[channel * depth + kernel[k]]);
    const steps = Float64Array.from(cost.order, (k) => {
      const multiplier = groups ? groups.multipliers[channel * perChannel + Math.floor(k / groups.size)] : 1;
      return scales[channel] * multiplier;
    });
    const levels = roundChannel({ weights, steps, top }, cost);
    for (let i = 0; i < depth; i++) {
      values[(channel - first) * depth + kernel[cost.order[i]]] = Math.round(levels[i] * steps[i] / scales[channel]);
    }
  }
  return values;
}

/** A channel's weights and the distance of its levels, in the order of rounding. */
interface Channel {
  weights: Float64Array;
  steps: Float64Array;
  top: number;
}

/** The levels of GPTQ, or the nearest where these cost less, refined. */
function roundChannel(channel: Channel, cost: ErrorCost): Float64Array {
  const { weights, steps, top } = channel;
  const compensated = new Float64Array(weights.length);
  const least = sumUp(channel, cost, (j, wanted) => compensated[j] = roundToLevel(wanted, steps[j], top));
  const nearest = weights.map((weight, j) => roundToLevel(weight, steps[j], top));
  const levels = sumUp(channel, cost, (j) => nearest[j]) < least ? nearest : compensated;
  refine(channel, levels, cost);
  return levels;
}

/**
 * What the errors of levels cost, summed up from the last weight to the first.
 *
 * @param choose Gives a weight's level. Is told its number, and its value with what the errors before it add to it.
 */
function sumUp(
  { weights, steps }: Channel,
  { lower, pivots }: ErrorCost,
  choose: (j: number, wanted: number) => number,
): number {
  const wanted = weights.slice();
  let sum = 0;
  for (let j = weights.length - 1; j >= 0; j--) {
    const chosen = choose(j, wanted[j]) * steps[j];
    const left = wanted[j] - chosen;
    sum += pivots[j] * left * left;
    const error = weights[j] - chosen;
    const row = j * weights.length;
    for (let i = 0; i < j; i++) wanted[i] += lower[row + i] * error;
  }
  return sum;
}

/** Rounds each weight again, given the others, as long as that helps. @param levels Are replaced in place. */
function refine({ weights, steps, top }: Channel, levels: Float64Array, { products }: ErrorCost): void {
  const depth = weights.length;
  const errors = weights.map((weight, j) => weight - levels[j] * steps[j]);
  const slopes = new Float64Array(depth);
  for (let j = 0; j < depth; j++) addScaled(slopes, products, j * depth, errors[j]);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let changed = false;
    for (let j = depth - 1; j >= 0; j--) {
      const others = slopes[j] / products[j * depth + j] - errors[j];
      const level = roundToLevel(weights[j] + others, steps[j], top);
      if (level === levels[j]) continue;
      const change = (levels[j] - level) * steps[j];
      levels[j] = level;
      errors[j] += change;
      addScaled(slopes, products, j * depth, change);
      changed = true;
    }
    if (!changed) break;
  }
}

/** Adds a row of a symmetric matrix, times a factor, to a vector. */
function addScaled(target: Float64Array, matrix: Float64Array, row: number, factor: number): void {
  for (let index = 0; index < target.length; index++) target[index] += matrix[row + index] * factor;
}
