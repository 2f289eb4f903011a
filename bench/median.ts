/**
 * The median.
 *
 * @module
 */

/** The middle number; the lower one where there are two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
