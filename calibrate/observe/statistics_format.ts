/**
 * Constants of the statistics file, shared by its reader and its writer.
 *
 * | bytes | content                                                     |
 * | ----- | ----------------------------------------------------------- |
 * | 8     | magic: `4f 43 54 53 54 0d 0a 1a` ("OCTST", CR, LF, SUB)     |
 * | 4     | version, u32, little-endian like all that follows           |
 * | 4     | header length H in bytes, u32                               |
 * | H     | header: one JSON object in UTF-8                            |
 * | …     | fingerprints, then of each sample the peaks (f32), then of each the input in numbers (5 f64), then for each value its counts of positive and of negative magnitudes (f64) and its raw elements (f32), then for each value with channels, and each layer with a normalisation, the number of terms of each sum (u16) and the terms (f64), then for each value with histograms of channels their least and their greatest values, and those of all samples but the one that has these (f32), their exponents (i16), and of the positive and the negative magnitudes the number of bins of each channel (u8) and their counts (f64) |
 * | 32    | SHA-256 of all bytes before it                              |
 *
 * @module
 */

/** First eight bytes of the file. */
export const STATISTICS_MAGIC: Uint8Array = new Uint8Array([0x4f, 0x43, 0x54, 0x53, 0x54, 0x0d, 0x0a, 0x1a]);

/** Version of the format that this code reads and writes. */
export const STATISTICS_VERSION = 4;

/** Bytes before the header. */
export const STATISTICS_PREFIX_BYTES = 16;

/** The header: all that is not in the data after it. */
export interface StatisticsHeader {
  /** SHA-256 of the network, in hexadecimal. */
  network: string;
  /** How images became the network's input; null where they are no images. */
  preprocessing: unknown;
  /** The samples. */
  part: { first: number; end: number; total: number };
  /** Number of values whose peaks are kept of each sample. */
  peaks: number;
  /** What was seen of each value. */
  values: ValueHeader[];
  /** Values whose channels were summed up. */
  channels: MomentsHeader[];
  /** Layers that a BatchNormalization was folded into. */
  normalized: MomentsHeader[];
  /** Values with a histogram of each channel. */
  channelHistograms: MomentsHeader[];
}

/** Sums or histograms of the channels of one value or layer. */
export interface MomentsHeader {
  name: string;
  channels: number;
  count: number;
}

/** What was seen of one value. */
export interface ValueHeader {
  name: string;
  count: number;
  zeros: number;
  min: number;
  max: number;
  exponent: number | null;
  atoms: number[];
  atomCounts: number[];
  /** Number of bins in the file on the positive side: up to the last one that is not empty. */
  positive: number;
  /** Number of bins in the file on the negative side. */
  negative: number;
  /** Number of raw elements. */
  raw: number;
}
