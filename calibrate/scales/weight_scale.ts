/**
 * The scale of weights with the least squared error on the weights at hand.
 *
 * @module
 */

import { LEAST_SCALE } from "./score.ts";

/** Scale of weights that are all zero: a bias, which counts in units of it, keeps its fraction. */
export const ZERO_WEIGHTS_SCALE = 2 ** -12;
/** Smallest share of the largest magnitude that is tried as threshold. */
const LEAST_SHARE = 0.4;
const LEAST_SHARE_LOW_BITS = 0.25;
const SHARE_STEP = 0.01;
/** 1.5 x 2^52: adding and subtracting it rounds to the nearest integer, ties to even. */
const ROUNDER = 6755399441055744;

/** Range of weights that share a scale. */
export interface WeightRange {
  weights: Float32Array;
  start: number;
  end: number;
  /** Factor on the squared error of each weight, of as many elements as `weights`; 1 where absent. */
  importance?: Float32Array | undefined;
}

/** Greatest magnitude of weights. */
export function largestMagnitude({ weights, start, end }: WeightRange): number {
  let largest = 0;
  for (let index = start; index < end; index++) largest = Math.max(largest, Math.abs(weights[index]));
  return largest;
}

/**
 * Sum of squared errors of weights quantised with a scale, each times its
 * importance; stops early past `limit`.
 *
 * @param top Greatest quantised magnitude, 127 at 8 bits.
 */
export function weightError(range: WeightRange, scale: number, top: number, limit = Infinity): number {
  const { weights, start, end, importance } = range;
  let sum = 0;
  for (let block = start; block < end && sum <= limit; block += 256) {
    const stop = Math.min(end, block + 256);
    for (let index = block; index < stop; index++) {
      const weight = weights[index];
      let step = weight / scale + ROUNDER - ROUNDER;
      if (step > top) step = top;
      else if (step < -top) step = -top;
      const error = weight - step * scale;
      sum += importance === undefined ? error * error : error * error * importance[index];
    }
  }
  return sum;
}

/**
 * The min-max scale: the largest magnitude becomes the greatest quantised one,
 * 127 at 8 bits; 2^-12 where all weights are zero, at least 2^-100.
 */
export function minMaxWeightScale(range: WeightRange, bits = 8): number {
  const largest = largestMagnitude(range);
  return largest === 0 ? ZERO_WEIGHTS_SCALE : Math.max(LEAST_SCALE, Math.fround(largest / (2 ** (bits - 1) - 1)));
}

/**
 * The scale of least squared error among thresholds of 100 % down to 40 % (25 %
 * below 6 bits) of the largest magnitude, half the best scale of one bit less,
 * and the candidates given. Ties go to the larger scale; scales below 2^-100
 * and all-zero weights are treated as by min-max.
 *
 * @param candidates Scales to try as well, such as the tensor's for a channel.
 */
export function qmseWeightScale(range: WeightRange, bits = 8, candidates: readonly number[] = []): number {
  const top = 2 ** (bits - 1) - 1;
  const largest = largestMagnitude(range);
  let best = minMaxWeightScale(range, bits);
  if (largest === 0) return best;
  let least = weightError(range, best, top);
  const consider = (scale: number) => {
    if (scale < LEAST_SCALE) return;
    const error = weightError(range, scale, top, least);
    if (error < least || (error === least && scale > best)) [best, least] = [scale, error];
  };
  const share = bits < 6 ? LEAST_SHARE_LOW_BITS : LEAST_SHARE;
  const count = Math.round((1 - share) / SHARE_STEP);
  for (let index = 1; index <= count; index++) consider(Math.fround(largest * (1 - index * SHARE_STEP) / top));
  if (bits > 2) consider(qmseWeightScale(range, bits - 1) / 2);
  candidates.forEach(consider);
  return best;
}
