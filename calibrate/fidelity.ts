/**
 * How near the first output of an 8-bit network comes to that of the float
 * network: for figures that are shown, and decide nothing that is stored.
 *
 * @module
 */

import type { OutputKind } from "../runtime/program.ts";
import { indexOfLargest } from "./accuracy.ts";
import { classCount } from "./dataset/classes.ts";
import { decibels } from "./decibels.ts";
import { type Estimate, estimate, total } from "./estimate.ts";

/** One sample's output beside that of the float network. */
export interface SampleFidelity {
  /** Energy of the float network's output. */
  signal: number;
  /** Energy of the difference. */
  noise: number;
  /** Kullback-Leibler divergence from the float network's classes in nats; null where the outputs are no classes. */
  divergence: number | null;
  /** Whether both say the same class: have their largest element in the same place. */
  same: boolean;
}

/** A network's first output beside that of the float network, over samples. */
export interface Fidelity {
  /** Number of samples. */
  samples: number;
  /** Mean Kullback-Leibler divergence in nats; null where the outputs are no classes. */
  divergence: Estimate | null;
  /** Signal to quantisation noise ratio in dB, of all samples' energies; null where there is no signal or no noise. */
  sqnr: Estimate | null;
  /** Share of samples of the same class, 0 to 1; null where the outputs are no classes. */
  same: Estimate | null;
}

/** Least probability that an output counts with: what a float32 softmax rounds to zero is not impossible. */
const LEAST_PROBABILITY = 2 ** -40;

/**
 * What an output is where it scores classes.
 *
 * @param shape Its shape for one sample.
 * @returns Undefined where it is no classes, so that no divergence can be told.
 */
export function kindOfClasses(shape: readonly number[], kind: OutputKind): OutputKind | undefined {
  return classCount(shape) === undefined ? undefined : kind;
}

/**
 * Compares two outputs.
 *
 * Of logits the softmax is taken, and probabilities are made to add up to 1,
 * which they do but for rounding; of independent ones the divergences of all
 * classes are added up.
 *
 * @param kind What the outputs are; undefined where they are no classes.
 */
export function compareOutputs(
  float: Float32Array,
  output: Float32Array,
  kind: OutputKind | undefined,
): SampleFidelity {
  let [signal, noise] = [0, 0];
  for (let index = 0; index < float.length; index++) {
    signal += float[index] * float[index];
    noise += (float[index] - output[index]) ** 2;
  }
  const same = indexOfLargest(float) === indexOfLargest(output);
  return { signal, noise, divergence: kind ? DIVERGENCES[kind](float, output) : null, same };
}

const DIVERGENCES: Readonly<Record<OutputKind, (float: Float32Array, output: Float32Array) => number>> = {
  logits(float, output) {
    const [one, other] = [logSum(float), logSum(output)];
    return sumOver(float, (value, index) => {
      const share = Math.exp(value - one);
      return share === 0 ? 0 : share * (value - one - (output[index] - other));
    });
  },
  probabilities(float, output) {
    const [one, other] = [sumOver(float, (value) => value), sumOver(output, atLeast)];
    return sumOver(float, (value, index) => term(value / one, atLeast(output[index]) / other));
  },
  "independent-probabilities": (float, output) =>
    sumOver(
      float,
      (value, index) => term(value, atLeast(output[index])) + term(1 - value, atLeast(1 - output[index])),
    ),
};

/** p log(p / q). */
function term(p: number, q: number): number {
  return p > 0 ? p * Math.log(p / q) : 0;
}

function atLeast(probability: number): number {
  return Math.max(LEAST_PROBABILITY, probability);
}

/** Logarithm of the sum of the exponentials. */
function logSum(values: Float32Array): number {
  const largest = values[indexOfLargest(values)];
  return largest + Math.log(sumOver(values, (value) => Math.exp(value - largest)));
}

function sumOver(values: Float32Array, termOf: (value: number, index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += termOf(values[index], index);
  return sum;
}

/**
 * Sums samples up. The standard error of SQNR is that of a logarithm of a ratio
 * of two means, to first order (the delta method). Where an output is not
 * finite, figures are NaN.
 */
export function fidelityOf(samples: readonly SampleFidelity[]): Fidelity {
  const divergences = samples.map(({ divergence }) => divergence);
  const areClasses = divergences.every((divergence) => divergence !== null);
  return {
    samples: samples.length,
    divergence: areClasses ? estimate(divergences) : null,
    sqnr: sqnrOf(samples),
    same: areClasses ? estimate(samples.map(({ same }) => Number(same))) : null,
  };
}

function sqnrOf(samples: readonly SampleFidelity[]): Estimate | null {
  const signal = total(samples.map(({ signal }) => signal));
  const noise = total(samples.map(({ noise }) => noise));
  if (!Number.isFinite(signal + noise)) return { mean: NaN, standardError: NaN };
  const mean = decibels(signal, noise);
  if (mean === null) return null;
  const shares = samples.map((sample) => samples.length * (sample.signal / signal - sample.noise / noise));
  const { standardError } = estimate(shares);
  return { mean, standardError: standardError === null ? null : 10 / Math.LN10 * standardError };
}
