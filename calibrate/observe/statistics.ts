/**
 * The statistics of a float network on samples: all that later stages of a
 * calibration know of the samples, except for the correction, which runs them.
 *
 * @module
 */

import type { Preprocessing } from "../../runtime/preprocessing.ts";
import type { ChannelHistograms } from "./channel_histograms.ts";
import type { ChannelMoments } from "./channel_moments.ts";
import type { Histogram } from "./histogram.ts";
import type { SampleSummary } from "./sample_summary.ts";

/** Raw values kept of each observed value, over all samples. */
export const RAW_VALUES = 16384;

/** What was seen of one value. */
export interface Observation {
  /** Counts of its elements. */
  histogram: Histogram;
  /** Some of its elements in the samples' order, at most {@linkcode RAW_VALUES}. */
  raw: Float32Array;
}

/** The samples that statistics are of: those from `first` to the one before `end`, of `total`. */
export interface SamplePart {
  /** First sample. */
  first: number;
  /** The sample after the last one. */
  end: number;
  /** Number of samples of the whole calibration. */
  total: number;
}

/** Statistics of a network on samples, or on a part of them. */
export interface Statistics {
  /** SHA-256 of the network, in hexadecimal. */
  network: string;
  /** How images became the network's input. */
  preprocessing?: Preprocessing;
  /** The samples. */
  part: SamplePart;
  /** What the samples of the part are recognised by, 16 bytes each, in their order. */
  fingerprints: Uint8Array;
  /** Distribution of each value that may need a scale, by its name. */
  values: Map<string, Observation>;
  /** Moments of the channels (last dimension) of each value that a layer with weights reads, by its name. */
  channels: Map<string, ChannelMoments>;
  /** Moments of the samples' means, in its units, of each layer that a BatchNormalization was folded into, by the name of its output. */
  normalized: Map<string, ChannelMoments>;
  /** Distribution of each channel of each value whose channels may have grids of their own, by its name. */
  channelHistograms: Map<string, ChannelHistograms>;
  /** Each sample by itself, in their order. */
  summaries: SampleSummary[];
}

/**
 * Number of raw values that one sample contributes to each observation, so that
 * all together are at most {@linkcode RAW_VALUES}.
 *
 * @param sample From 0 to `total` - 1.
 */
export function rawShare(sample: number, total: number): number {
  return Math.floor((sample + 1) * RAW_VALUES / total) - Math.floor(sample * RAW_VALUES / total);
}
