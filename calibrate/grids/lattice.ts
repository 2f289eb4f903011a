/**
 * The lattice on which scales and factors lie: an anchor times 2^(k / 8). So a
 * factor is a whole number of steps, and all engines compute the same.
 *
 * @module
 */

import { logarithm } from "../../runtime/numerics/logarithm.ts";

/** Steps in a factor of 2. */
export const STEPS_PER_OCTAVE = 8;

/** The least scale whose error is worked out, in steps of the lattice from its anchor. */
export const LEAST_STEP = -12 * STEPS_PER_OCTAVE;
/** The greatest one. */
export const GREATEST_STEP = 6 * STEPS_PER_OCTAVE;
/** Their number. */
export const STEPS = GREATEST_STEP - LEAST_STEP + 1;

/** 2^(k / 8) for k = 0 to 7, of square roots, which all engines round alike. */
const FRACTIONS = Float64Array.from({ length: STEPS_PER_OCTAVE }, (_, k) => {
  const [half, quarter, eighth] = [Math.sqrt(2), Math.sqrt(Math.sqrt(2)), Math.sqrt(Math.sqrt(Math.sqrt(2)))];
  return (k & 4 ? half : 1) * (k & 2 ? quarter : 1) * (k & 1 ? eighth : 1);
});
const LN2 = logarithm(2);

/** The factor of a number of steps: 2^(steps / 8). */
export function factorOf(steps: number): number {
  const octaves = Math.floor(steps / STEPS_PER_OCTAVE);
  return FRACTIONS[steps - octaves * STEPS_PER_OCTAVE] * 2 ** octaves;
}

/** The number of steps whose factor is nearest to a positive number. */
export function stepsOf(factor: number): number {
  return Math.round(logarithm(factor) / LN2 * STEPS_PER_OCTAVE);
}
