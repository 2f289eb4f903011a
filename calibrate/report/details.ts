/**
 * What a page about a calibration shows beside its report, as plain data.
 *
 * @module
 */

import type { ScaleMethod } from "../settings.ts";

/** Everything that {@linkcode reportPage} shows beside the report itself. */
export interface CalibrationDetails {
  /** How the network was calibrated, in words. */
  methods: string;
  /** Names of the classes, where the data tell. */
  classes?: string[];
  /** Median time of one sample, and the kernels that ran. */
  milliseconds: { float: number; quantized: number; kernels: string };
  /** Cost of each node, in the order of the report's layers. */
  costs: LayerCost[];
  /** The distributions behind the scales, in the order of the network. */
  tensors: TensorDetails[];
  /** Shifts of the statistics of layers with weights, in order. */
  shifts: LayerShift[];
  /** Samples on which quantisation does most harm, the worst first. */
  worst: WorstSample[];
}

/** What a node costs in the bundle. */
export interface LayerCost {
  /** Bytes of its constants. */
  bytes: number;
  /** Median time on one sample. */
  milliseconds: number;
}

/** A range of values, low to high; zero is in it. */
export type Range = [low: number, high: number];

/** The distribution of values that share a scale, and what each method makes of it. */
export interface TensorDetails {
  /** Names in the source network of the nodes whose results they are, or of the input. */
  names: string[];
  /** Shares of the values in bins of equal width from `low` up; zeros and values that occur often are not in them. */
  histogram: { low: number; width: number; shares: number[] };
  /** Share of zeros. */
  zeros: number;
  /** What each method would represent. */
  ranges: Record<ScaleMethod, Range>;
  /** Method of the chosen scale; "fixed" where the activation function settles it. */
  method: string;
  /** What the chosen scale represents; that of the widest channel where each has a grid of its own. */
  chosen: Range;
  /** Where each channel has a grid of its own, the narrowest one's share of the widest. */
  narrowest?: number;
  /** Mean squared error over ranges that are the chosen one, made narrower or wider; none of grids for each channel. */
  curve: CurvePoint[];
  /** Mean squared error of the chosen range; zero for grids of each channel. */
  error: { rounding: number; clipping: number };
}

/** A point of the curve that QMSE descends. */
export interface CurvePoint {
  /** Size of the larger side of the range. */
  threshold: number;
  /** Mean squared error by rounding, of values inside the range. */
  rounding: number;
  /** Mean squared error by clipping, of values outside. */
  clipping: number;
}

/** Shifts of the channels of a layer's result against the float network. */
export interface LayerShift {
  /** Name of the layer in the source network. */
  name: string;
  /** Without USP. */
  before: ChannelShifts;
  /** With USP. */
  after: ChannelShifts;
}

/** Shifts of channels, each list sorted. */
export interface ChannelShifts {
  /** Difference of the means in standard deviations of the float channel. */
  means: number[];
  /** Binary logarithm of the ratio of the standard deviations. */
  deviations: number[];
}

/** A sample on which both networks differ. */
export interface WorstSample {
  /** Position in the data. */
  sample: number;
  /** SQNR of the network's first output in dB; null without any error. */
  sqnr: number | null;
  /** Class that the float network says. */
  float: number;
  /** Class that the quantised network says. */
  quantized: number;
  /** Class that is right, where it is known. */
  label?: number;
  /** A PNG file, where the samples are images. */
  picture?: Uint8Array;
}
