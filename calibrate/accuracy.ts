/**
 * Accuracy of classifiers.
 *
 * @module
 */

import { type Estimate, estimate } from "./estimate.ts";

/** Shares of samples whose label came first, and among the first five. */
export interface Accuracy {
  /** Number of samples. */
  samples: number;
  /** Share whose label came first, 0 to 1. */
  top1: number;
  /** Share whose label was among the first five, 0 to 1. */
  top5: number;
  /** Standard errors of both, that the number of samples leaves; null for one sample. */
  standardErrors: { top1: number | null; top5: number | null };
}

/** Accuracy from the rank of each sample's label. */
export function accuracyOf(ranks: readonly number[]): Accuracy {
  const [first, firstFive] = [1, 5].map((places) => estimate(ranks.map((rank) => Number(rank < places))));
  return {
    samples: ranks.length,
    top1: first.mean,
    top5: firstFive.mean,
    standardErrors: { top1: first.standardError, top5: firstFive.standardError },
  };
}

/**
 * Top-1 of a network less that of another one, each sample compared with
 * itself: those that both get right or wrong add nothing to its error.
 *
 * @param ranks Rank of each sample's label.
 * @param others The same of the other network.
 */
export function gainOf(ranks: readonly number[], others: readonly number[]): Estimate {
  return estimate(ranks.map((rank, sample) => Number(rank < 1) - Number(others[sample] < 1)));
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
