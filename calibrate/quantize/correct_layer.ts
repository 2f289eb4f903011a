/**
 * USP: the correction that brings a layer's batch statistics back to those of
 * the float network.
 *
 * @module
 */

import type { FoldedNormalization } from "../graph/graph.ts";
import { createMoments, errorOf, type JointMoments, mergeMoments } from "../observe/moments.ts";
import type { LayerCorrection } from "../plan.ts";
import type { CorrectionMode, CorrectionTarget } from "../settings.ts";

/** The correction of one layer, and how it came about. */
export interface CorrectionOutcome {
  correction: LayerCorrection;
  /** What was kept: a mode that fits the accumulators and does not evidently raise the error of unseen samples. */
  kept: CorrectionMode | "none";
  /** What the statistics were brought to. */
  target: CorrectionTarget;
  /** Number of channels whose gain was clamped, or left alone as dead. */
  guarded: number;
}

/** How a layer is corrected. */
export interface CorrectionOptions {
  mode: CorrectionMode;
  target: CorrectionTarget;
  /** Normalisation that was folded into the layer, if any. */
  normalization: FoldedNormalization | undefined;
  /** The layer's own bias, kept where nothing is corrected. */
  bias: Float32Array;
  /** Factor from 0 to 1 on what "shrinkage" corrects: how far the samples are like what the network was trained on. */
  trust: number;
  /** Whether the layer's int32 accumulators have room for a correction. */
  fits: (correction: LayerCorrection) => boolean;
}

const LEAST_GAIN = 0.5;
const GREATEST_GAIN = 2;
/** Standard deviation, as a share of the median channel's, below which a channel counts as dead. */
const DEAD_SHARE = 1e-4;
/** Fewest positions over all samples for statistics worth correcting. */
const LEAST_POSITIONS = 64;
/** Parts of the samples, each of which is held out once, where they have at least two samples each. */
const PARTS = 4;
/** Standard errors by which the error of held-out samples must rise before a correction is given up. */
const MARGIN = 2;

/**
 * Works out the correction u' = gain x u + bias of a layer, per channel.
 *
 * Moments are those of (float with bias, quantised without bias). A correction
 * that raises the squared error of samples that it was not made from, by more
 * than two standard errors of the rise over the samples, or that does not fit
 * the accumulators, gives way to the mean alone, and that to none. With a "bn"
 * target, and below 8 samples, nothing is held out.
 *
 * @param samples Joint moments of each sample, in order.
 */
export function correctLayer(samples: readonly JointMoments[], options: CorrectionOptions): CorrectionOutcome {
  const all = mergeAll(samples);
  const channels = options.bias.length;
  const none = { gain: new Float64Array(channels).fill(1), bias: Float64Array.from(options.bias) };
  const target = options.target === "bn" && options.normalization ? "bn" : "measured";
  if (all.count < LEAST_POSITIONS) return { correction: none, kept: "none", target, guarded: 0 };

  const trusts = (mode: CorrectionMode) => {
    if (!options.fits(propose(samples, mode, { ...options, target }).correction)) return false;
    if (target === "bn" || samples.length < 2 * PARTS) return true;
    const rises = heldOutRises(samples, none, (fitted) => propose(fitted, mode, { ...options, target }).correction);
    return !evidentlyAboveZero(rises);
  };
  const isOwn = options.mode === "mean" || options.mode === "shrinkage";
  const modes: CorrectionMode[] = isOwn ? [options.mode] : [options.mode, "mean"];
  const kept = modes.find(trusts);
  if (!kept) return { correction: none, kept: "none", target, guarded: 0 };
  return { ...propose(samples, kept, { ...options, target }), kept, target };
}

function mergeAll(samples: readonly JointMoments[]): JointMoments {
  const merged = createMoments(samples[0].floatMean.length);
  for (const moments of samples) mergeMoments(merged, moments);
  return merged;
}

/**
 * How much a correction raises the error of each sample when it is made from
 * the samples of the other parts. Channels count in units of their variance.
 */
function heldOutRises(
  samples: readonly JointMoments[],
  none: LayerCorrection,
  correct: (fitted: readonly JointMoments[]) => LayerCorrection,
): Float64Array {
  const { count, floatSquares } = mergeAll(samples);
  const inverse = floatSquares.map((sum) => sum > 0 ? count / sum : 0);
  const errorWith = (moments: JointMoments, { gain, bias }: LayerCorrection) =>
    inverse.reduce((sum, unit, channel) => sum + unit * errorOf(moments, channel, gain[channel], bias[channel]), 0);
  const rises = new Float64Array(samples.length);
  for (let part = 0; part < PARTS; part++) {
    const correction = correct(samples.filter((_, index) => index % PARTS !== part));
    for (let index = part; index < samples.length; index += PARTS) {
      rises[index] = errorWith(samples[index], correction) - errorWith(samples[index], none);
    }
  }
  return rises;
}

/** Whether the mean of values is above zero by more than the margin allows for chance. */
function evidentlyAboveZero(values: Float64Array): boolean {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return mean > MARGIN * Math.sqrt(squares / length / (length - 1));
}

function propose(
  samples: readonly JointMoments[],
  mode: CorrectionMode,
  options: CorrectionOptions,
): { correction: LayerCorrection; guarded: number } {
  const moments = mergeAll(samples);
  if (mode === "shrinkage") return shrink(samples, moments, options);
  const { count, floatMean, quantizedMean, floatSquares, quantizedSquares, products } = moments;
  const normalization = options.target === "bn" ? options.normalization : undefined;
  const quantizedDeviation = quantizedSquares.map((sum) => Math.sqrt(sum / count));
  const deviation = floatSquares.map((sum, channel) =>
    normalization ? targetDeviation(normalization, channel) : Math.sqrt(sum / count)
  );
  const floors = [deviation, quantizedDeviation].map((list) => DEAD_SHARE * upperMedian(list));
  let guarded = 0;
  const gain = deviation.map((target, channel) => {
    const measured = quantizedDeviation[channel];
    if (mode === "mean") return 1;
    if (target <= floors[0] || measured <= floors[1]) {
      guarded++;
      return 1;
    }
    const wanted = mode === "lsq" ? products[channel] / quantizedSquares[channel] : target / measured;
    const clamped = Math.min(GREATEST_GAIN, Math.max(LEAST_GAIN, wanted));
    if (clamped !== wanted) guarded++;
    return clamped;
  });
  const bias = gain.map((value, channel) =>
    (normalization?.beta ?? floatMean)[channel] - value * quantizedMean[channel]
  );
  return { correction: { gain, bias }, guarded };
}

/** Standard deviation of a BatchNormalization's output where its statistics hold. */
function targetDeviation({ gamma, variance, epsilon }: FoldedNormalization, channel: number): number {
  return Math.abs(gamma[channel]) * Math.sqrt(variance[channel] / (variance[channel] + epsilon));
}

/** The middle number; the greater one where there are two. */
function upperMedian(values: Float64Array): number {
  return values.toSorted()[values.length >> 1];
}

/**
 * Mean and gain, each shrunk by its evidence: what is wanted, v, times
 * e / (e + s^2 (1 + 1 / n)), with s^2 its variance from image to image, n their
 * number, and e = max(0, v^2 - s^2 / n) the estimate of v^2 without what chance
 * adds. That is the share of v^2 in what another image is expected to show; one
 * image that is far from all others alone makes e 0. The slope is that of the
 * quantised values on the float ones, which the rounding noise of the former
 * does not change.
 */
function shrink(
  samples: readonly JointMoments[],
  all: JointMoments,
  { bias: own, trust }: CorrectionOptions,
): { correction: LayerCorrection; guarded: number } {
  const count = samples.length;
  const gain = new Float64Array(own.length).fill(1);
  const bias = Float64Array.from(own);
  let guarded = 0;
  const kept = (wanted: number, squares: number) => {
    const variance = squares / (count - 1);
    const evidence = wanted * wanted - variance / count;
    return count > 1 && evidence > 0 ? wanted * trust * evidence / (evidence + variance * (1 + 1 / count)) : 0;
  };
  for (let channel = 0; channel < own.length; channel++) {
    const shift = all.floatMean[channel] - all.quantizedMean[channel] - own[channel];
    const slope = all.products[channel] / all.floatSquares[channel];
    let [shifts, slopes] = [0, 0];
    for (const sample of samples) {
      const { floatSquares, products } = sample;
      const f = sample.floatMean[channel] - all.floatMean[channel];
      const q = sample.quantizedMean[channel] - all.quantizedMean[channel];
      shifts += (f - q) ** 2;
      const residual = products[channel] + sample.count * f * q -
        slope * (floatSquares[channel] + sample.count * f * f);
      slopes += (count * residual / all.floatSquares[channel]) ** 2;
    }
    const wanted = Math.min(GREATEST_GAIN, Math.max(LEAST_GAIN, 1 / slope));
    if (wanted === 1 / slope) gain[channel] = 1 + kept(wanted - 1, slopes);
    else guarded++;
    bias[channel] += kept(shift, shifts) + (1 - gain[channel]) * all.quantizedMean[channel];
  }
  return { correction: { gain, bias }, guarded };
}
