/**
 * The choice of factors with the least noise: of what is rounded and clipped in
 * activations, and of weights.
 *
 * @module
 */

import { factorOf, GREATEST_STEP, LEAST_STEP } from "./lattice.ts";
import type { LayerNoise } from "./weight_noise.ts";

/** A channel of values that share a grid, or several channels with one factor. */
export interface GridRow {
  /** Number of its factor; -1 where that is always 1. */
  factor: number;
  /** Noise at the network's outputs for the scale at each step of the lattice, from {@linkcode LEAST_STEP} on. */
  noise: Float64Array;
}

/** Values that share a grid. */
export interface GridRows {
  rows: GridRow[];
  /** Greatest step that any row may have. */
  most: number;
}

/** Changes of a factor that are tried. */
const MOVES = [1, -1, 2, -2, 4, -4, 8, -8];
/** Most rounds over all factors. */
const ROUNDS = 12;
/** Share of the noise by which a round must lower it for there to be another. */
const TOLERANCE = 0.002;

/** Steps of the lattice. */
export interface ChosenSteps {
  /** Of each group's scale. */
  scales: Int32Array;
  /** Of each factor. */
  factors: Int32Array;
}

/**
 * Chooses steps of scales and factors: each factor, then each scale in turn,
 * where a change lowers the noise, until that lowers it no more.
 *
 * @param values All factors, which the layers know; changed in place.
 */
export function chooseSteps(
  groups: readonly GridRows[],
  layers: readonly LayerNoise[],
  values: Float64Array,
): ChosenSteps {
  const steps = new Int32Array(values.length);
  const scales = new Int32Array(groups.length);
  const members = Array.from(steps, () => [] as { group: number; noise: Float64Array }[]);
  groups.forEach(({ rows }, group) =>
    rows.forEach(({ factor, noise }) => factor >= 0 && members[factor].push({ group, noise }))
  );
  const around = Array.from(steps, () => [] as LayerNoise[]);
  for (const layer of layers) for (const factor of layer.factors) around[factor].push(layer);

  const noiseOfFactor = (factor: number, step: number): number => {
    let sum = 0;
    for (const { group, noise } of members[factor]) sum += at(noise, scales[group] + step, groups[group].most);
    const value = factorOf(step);
    for (const layer of around[factor]) sum += layer.noiseWith(factor, value);
    return sum;
  };
  const noiseOfScale = ({ rows, most }: GridRows, scale: number): number => {
    let sum = 0;
    for (const { factor, noise } of rows) sum += at(noise, scale + (factor < 0 ? 0 : steps[factor]), most);
    return sum;
  };

  members.forEach((places, factor) => {
    if (places.length === 0) return;
    const best = places.map(({ group, noise }) => bestStep(noise, groups[group].most));
    steps[factor] = Math.min(Math.max(...best), ...places.map(({ group }) => groups[group].most));
    values[factor] = factorOf(steps[factor]);
  });
  for (const layer of layers) layer.refresh();
  const total = () =>
    groups.reduce((sum, group, index) => sum + noiseOfScale(group, scales[index]), 0) +
    layers.reduce((sum, layer) => sum + layer.total(), 0);
  for (let round = 0, noise = total(); round < ROUNDS; round++) {
    groups.forEach((group, index) => scales[index] = descend(scales[index], (scale) => noiseOfScale(group, scale)));
    steps.forEach((step, factor) => {
      const best = descend(step, (other) => noiseOfFactor(factor, other));
      if (best === step) return;
      const before = values[factor];
      steps[factor] = best;
      values[factor] = factorOf(best);
      for (const layer of around[factor]) layer.update(factor, before);
    });
    const next = total();
    if (next > (1 - TOLERANCE) * noise) break;
    noise = next;
  }
  return { scales, factors: steps };
}

/** The least of the numbers around a start, from one better number to the next. */
function descend(start: number, cost: (value: number) => number): number {
  let best = start;
  let least = cost(start);
  for (const move of MOVES) {
    for (let value = cost(best + move); value < least; value = cost(best + move)) [best, least] = [best + move, value];
  }
  return best;
}

/** The step of least noise; the greatest of those. */
function bestStep(noise: Float64Array, most: number): number {
  let best = Math.min(most, GREATEST_STEP);
  for (let step = best - 1; step >= LEAST_STEP; step--) {
    if (noise[step - LEAST_STEP] < noise[best - LEAST_STEP]) best = step;
  }
  return best;
}

function at(noise: Float64Array, step: number, most: number): number {
  return step > most || step > GREATEST_STEP || step < LEAST_STEP ? Infinity : noise[step - LEAST_STEP];
}
