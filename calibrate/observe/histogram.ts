/**
 * The zero-anchored histogram with a power-of-two bin width, from which all
 * activation scales are chosen.
 *
 * The counts depend on the values alone, not on their order, on batches or on
 * how parts are merged: the width is the least power of two that fits the
 * greatest magnitude, and halving the resolution is exact.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";

/** Number of bins on each side of zero. */
export const BINS = 4096;

/** Least binary exponent of a bin width; smaller values share the first bin. */
const LEAST_EXPONENT = -140;

/** Counts of the values of one tensor. Plain data: it can be sent between workers. */
export interface Histogram {
  /** Number of values seen, zeros and atoms included. */
  count: number;
  /** Number of zeros. */
  zeros: number;
  /** Least and greatest value seen; Infinity and -Infinity before the first. */
  min: number;
  max: number;
  /** Bin width is 2^exponent; null before the first value that is not zero. */
  exponent: number | null;
  /** positive[k] counts values in [k, k + 1) widths. */
  positive: Float64Array;
  /** negative[k] counts values whose magnitude is in [k, k + 1) widths. */
  negative: Float64Array;
  /** Values known beforehand to occur often, float32; counted apart, as zeros are. */
  atoms: number[];
  /** Number of values equal to each atom. */
  atomCounts: number[];
}

/** An empty histogram. @param atoms Values other than zero that are counted apart, such as 6 after a ReLU6. */
export function createHistogram(atoms: readonly number[] = []): Histogram {
  return {
    count: 0,
    zeros: 0,
    min: Infinity,
    max: -Infinity,
    exponent: null,
    positive: new Float64Array(BINS),
    negative: new Float64Array(BINS),
    atoms: atoms.map(Math.fround),
    atomCounts: atoms.map(() => 0),
  };
}

/**
 * Counts values.
 *
 * @param name Name of the tensor, for the error.
 * @param sample Name of the sample, for the error.
 * @returns The greatest magnitude among them.
 * @throws {RangeError} At a value that is NaN or infinite.
 */
export function observe(
  histogram: Histogram,
  values: Float32Array,
  name: string,
  sample: string = "a calibration sample",
): number {
  let [min, max] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < min) min = value;
    if (value > max) max = value;
    if (value - value !== 0) throw notFinite(name, value, sample);
  }
  histogram.min = Math.min(histogram.min, min);
  histogram.max = Math.max(histogram.max, max);
  histogram.count += values.length;
  const peak = Math.max(max, -min, 0);
  const largest = Math.max(histogram.max, -histogram.min);
  if (largest > 0) coarsen(histogram, exponentFor(largest));
  const inverse = histogram.exponent === null ? 0 : 2 ** -histogram.exponent;
  const { positive, negative, atoms, atomCounts } = histogram;
  let zeros = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === 0) zeros++;
    else if (atoms.length > 0 && atoms.includes(value)) atomCounts[atoms.indexOf(value)]++;
    else if (value > 0) positive[(value * inverse) | 0]++;
    else negative[(-value * inverse) | 0]++;
  }
  histogram.zeros += zeros;
  return peak;
}

/** The error of a value that is NaN or infinite for a sample. */
export function notFinite(name: string, value: number, sample: string): InputRangeError {
  return new InputRangeError(
    `Value "${name}" is ${value} for ${sample}: leave the sample out, by --drop-outliers too, or see whether it is right`,
  );
}

/**
 * Adds the counts of one histogram to another.
 *
 * @throws {TypeError} Where they keep different atoms.
 */
export function mergeHistogram(into: Histogram, from: Histogram): void {
  if (into.atoms.join() !== from.atoms.join()) throw new TypeError("Cannot merge histograms with different atoms");
  into.count += from.count;
  into.zeros += from.zeros;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  from.atomCounts.forEach((count, index) => into.atomCounts[index] += count);
  if (from.exponent === null) return;
  coarsen(into, from.exponent);
  const shift = into.exponent! - from.exponent;
  for (let bin = 0; bin < BINS; bin++) {
    const target = shift > 12 ? 0 : bin >> shift;
    into.positive[target] += from.positive[bin];
    into.negative[target] += from.negative[bin];
  }
}

/**
 * One histogram of several tensors that share their parameters; atoms become ordinary values.
 */
export function uniteHistograms(histograms: readonly Histogram[]): Histogram {
  const united = createHistogram();
  for (const histogram of histograms) mergeHistogram(united, withoutAtoms(histogram));
  return united;
}

function withoutAtoms(histogram: Histogram): Histogram {
  const plain: Histogram = {
    ...histogram,
    positive: histogram.positive.slice(),
    negative: histogram.negative.slice(),
    atoms: [],
    atomCounts: [],
  };
  histogram.atoms.forEach((atom, index) => {
    const side = atom > 0 ? plain.positive : plain.negative;
    const count = histogram.atomCounts[index];
    if (count > 0) side[Math.floor(Math.abs(atom) * 2 ** -histogram.exponent!)] += count;
  });
  return plain;
}

/** The least exponent of a bin width with which as many bins reach past a magnitude. */
export function exponentFor(magnitude: number, bins: number = BINS): number {
  let exponent = Math.max(LEAST_EXPONENT, Math.floor(Math.log2(magnitude / bins)) - 1);
  while (magnitude >= bins * 2 ** exponent) exponent++;
  return exponent;
}

/** Raises the bin width to 2^exponent, where it is less. */
function coarsen(histogram: Histogram, exponent: number): void {
  if (histogram.exponent === null) histogram.exponent = exponent;
  const shift = exponent - histogram.exponent;
  if (shift <= 0) return;
  for (const side of [histogram.positive, histogram.negative]) {
    for (let bin = 1; bin < BINS; bin++) {
      const count = side[bin];
      if (count === 0) continue;
      side[bin] = 0;
      side[shift > 12 ? 0 : bin >> shift] += count;
    }
  }
  histogram.exponent = exponent;
}
