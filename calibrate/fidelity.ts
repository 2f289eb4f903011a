/**
 * How near the first output of an 8-bit network comes to that of the float
 * network: for figures that are shown, and decide nothing that is stored.
 *
 * @module
 */

import type { OutputKind } from "../runtime/program.ts";
import { indexOfLargest } from "./accuracy.ts";
import { decibels } from "./decibels.ts";

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

/** A figure over samples, with the standard error that their number leaves. */
export interface Estimate {
  /** The figure. */
  mean: number;
  /** Its standard error; null for one sample. */
  standardError: number | null;
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

/** Least probability that a divergence counts with: what a float32 softmax rounds to zero is not impossible. */
const LEAST_PROBABILITY = 2 ** -40;

/**
 * Compares two outputs.
 *
 * Of logits the softmax is taken, probabilities are taken as they are, and of
 * independent ones the divergences of all classes are added up.
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
      const logarithm = value - one;
      return Math.exp(logarithm) * (logarithm - (output[index] - other));
    });
  },
  probabilities: (float, output) => sumOver(float, (value, index) => term(value, output[index])),
  "independent-probabilities": (float, output) =>
    sumOver(float, (value, index) => term(value, output[index]) + term(1 - value, 1 - output[index])),
};

/** p log(p / q). */
function term(p: number, q: number): number {
  return p > 0 ? p * Math.log(p / Math.max(LEAST_PROBABILITY, q)) : 0;
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
 * of two means, to first order (the delta method).
 */
export function fidelityOf(samples: readonly SampleFidelity[]): Fidelity {
  const signal = total(samples.map(({ signal }) => signal));
  const noise = total(samples.map(({ noise }) => noise));
  const sqnr = decibels(signal, noise);
  const shares = samples.map((sample) => samples.length * (sample.signal / signal - sample.noise / noise));
  const divergences = samples.map(({ divergence }) => divergence);
  const areClasses = divergences.every((divergence) => divergence !== null);
  const error = estimate(shares).standardError;
  return {
    samples: samples.length,
    divergence: areClasses ? estimate(divergences) : null,
    sqnr: sqnr === null ? null : { mean: sqnr, standardError: error === null ? null : 10 / Math.LN10 * error },
    same: areClasses ? estimate(samples.map(({ same }) => Number(same))) : null,
  };
}

/** Mean of values with its standard error. */
export function estimate(values: readonly number[]): Estimate {
  const { length } = values;
  const mean = total(values) / length;
  const squares = total(values.map((value) => (value - mean) ** 2));
  return { mean, standardError: length > 1 ? Math.sqrt(squares / length / (length - 1)) : null };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
