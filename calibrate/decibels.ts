/**
 * Ratios of energies as people read them.
 *
 * @module
 */

/**
 * Signal to noise ratio in dB. It is only shown and decides nothing: engines may differ in its last digit.
 *
 * @param signal Energy of the values.
 * @param noise Energy of their error.
 * @returns Null where either is zero.
 */
export function decibels(signal: number, noise: number): number | null {
  return signal > 0 && noise > 0 ? 10 * Math.log10(signal / noise) : null;
}
