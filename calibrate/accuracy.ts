/**
 * Accuracy of classifiers.
 *
 * @module
 */

/** Shares of samples whose label came first, and among the first five. */
export interface Accuracy {
  /** Number of samples. */
  samples: number;
  /** Share whose label came first, 0 to 1. */
  top1: number;
  /** Share whose label was among the first five, 0 to 1. */
  top5: number;
}

/** Accuracy from the rank of each sample's label. */
export function accuracyOf(ranks: Iterable<number>): Accuracy {
  let [samples, first, firstFive] = [0, 0, 0];
  for (const rank of ranks) {
    samples++;
    if (rank < 1) first++;
    if (rank < 5) firstFive++;
  }
  return { samples, top1: first / samples, top5: firstFive / samples };
}

/** Number of classes that come before a label; equal scores go by index, and all come before one that is NaN. */
export function rankOf(scores: Float32Array, label: number): number {
  const score = scores[label];
  if (Number.isNaN(score)) return scores.length;
  let rank = 0;
  for (let index = 0; index < scores.length; index++) {
    if (scores[index] > score || (scores[index] === score && index < label)) rank++;
  }
  return rank;
}

/** Position of the largest element, the first of equal ones. */
export function indexOfLargest(values: Float32Array): number {
  let largest = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[largest]) largest = index;
  return largest;
}
