/**
 * Reading of statistics that another process wrote.
 *
 * @module
 */

import { DIGEST_BYTES, MAX_ENTRIES, MAX_HEADER_BYTES } from "../../runtime/bundle/format.ts";
import { FormatError } from "../../runtime/errors.ts";
import { asArray, asFields, asInteger, asString } from "../../runtime/fields.ts";
import { validatePreprocessing } from "../../runtime/preprocessing.ts";
import { FINGERPRINT_BYTES } from "../dataset/fingerprint.ts";
import { CHANNEL_BINS, type ChannelHistograms, NO_EXPONENT } from "./channel_histograms.ts";
import type { ChannelMoments } from "./channel_moments.ts";
import { BINS, createHistogram } from "./histogram.ts";
import type { SampleSummary } from "./sample_summary.ts";
import { type Observation, RAW_VALUES, type SamplePart, type Statistics } from "./statistics.ts";
import { STATISTICS_MAGIC, STATISTICS_PREFIX_BYTES, STATISTICS_VERSION } from "./statistics_format.ts";

/** Most terms of an exact sum of float64. */
const MOST_TERMS = 1024;
/** Most channels of a value. */
const MOST_CHANNELS = 2 ** 24;

/**
 * Reads and checks the bytes of a statistics file.
 *
 * @param path Where they are from, for errors.
 * @throws {SyntaxError} Where they are no such file, truncated, altered, or inconsistent.
 */
export async function readStatistics(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Statistics> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < STATISTICS_MAGIC.length || STATISTICS_MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new FormatError(`${path} holds no statistics of a calibration: the first eight bytes are wrong`);
  }
  const end = bytes.length - DIGEST_BYTES;
  if (end < STATISTICS_PREFIX_BYTES) throw new FormatError(`${path} is truncated`);
  const version = view.getUint32(8, true);
  if (version !== STATISTICS_VERSION) {
    throw new FormatError(`${path} has version ${version}: this program reads version ${STATISTICS_VERSION}`);
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, end)));
  if (digest.some((byte, index) => bytes[end + index] !== byte)) {
    throw new FormatError(`${path} is truncated or altered: its SHA-256 does not match its content`);
  }
  try {
    return readContent(bytes.subarray(0, end), view.getUint32(12, true));
  } catch (error) {
    throw new FormatError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readContent(bytes: Uint8Array, headerBytes: number): Statistics {
  const dataOffset = STATISTICS_PREFIX_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || dataOffset > bytes.length) throw new RangeError("the header is too long");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(STATISTICS_PREFIX_BYTES, dataOffset));
  const header = asFields(JSON.parse(text), "header");
  const data = new DataReader(bytes.subarray(dataOffset));
  const part = readPart(header.part);
  const statistics: Statistics = {
    network: asString(header.network, "network"),
    ...(header.preprocessing !== null && {
      preprocessing: validatePreprocessing(header.preprocessing, "preprocessing"),
    }),
    part,
    fingerprints: data.take((part.end - part.first) * FINGERPRINT_BYTES),
    summaries: readSummaries(data, part.end - part.first, asInteger(header.peaks, "peaks", 0, MAX_ENTRIES)),
    values: new Map(),
    channels: new Map(),
    normalized: new Map(),
    channelHistograms: new Map(),
  };
  for (const value of asArray(header.values, "values", MAX_ENTRIES)) {
    const fields = asFields(value, "a value");
    statistics.values.set(asString(fields.name, "a value's name"), readObservation(fields, data));
  }
  for (const kind of ["channels", "normalized"] as const) {
    for (const value of asArray(header[kind], kind, MAX_ENTRIES)) {
      const fields = asFields(value, "a value with channels");
      statistics[kind].set(asString(fields.name, "a value's name"), readMoments(fields, data));
    }
  }
  for (const value of asArray(header.channelHistograms, "channelHistograms", MAX_ENTRIES)) {
    const fields = asFields(value, "a value with histograms of channels");
    statistics.channelHistograms.set(asString(fields.name, "a value's name"), readChannels(fields, data));
  }
  data.finish();
  return statistics;
}

function readPart(value: unknown): SamplePart {
  const fields = asFields(value, "part");
  const total = asInteger(fields.total, "part.total", 1, 2 ** 32);
  const end = asInteger(fields.end, "part.end", 1, total);
  return { first: asInteger(fields.first, "part.first", 0, end - 1), end, total };
}

function readSummaries(data: DataReader, samples: number, length: number): SampleSummary[] {
  const peaks = Array.from({ length: samples }, () => data.float32(length));
  if (!peaks.every((peak) => peak.every((value) => value >= 0 && value < Infinity))) {
    throw new RangeError("a peak is no magnitude");
  }
  const inputs = data.float64(samples * 5);
  if (!inputs.every(Number.isFinite)) throw new RangeError("an input's number is not finite");
  return peaks.map((peaks, index) => {
    const [min, max, mean, square, isConstant] = inputs.subarray(index * 5, index * 5 + 5);
    return { peaks, input: { min, max, mean, square, isConstant: isConstant !== 0 } };
  });
}

function readObservation(fields: ReturnType<typeof asFields>, data: DataReader): Observation {
  const where = `value "${fields.name}"`;
  const count = (value: unknown, what: string) => asInteger(value, `${where}: ${what}`, 0, Number.MAX_SAFE_INTEGER);
  const bins = (value: unknown, what: string) => asInteger(value, `${where}: ${what}`, 0, BINS);
  const number = (value: unknown, what: string) => {
    if (typeof value !== "number" || Math.fround(value) !== value) {
      throw new TypeError(`${where}: ${what} is no float32`);
    }
    return value;
  };
  const atoms = asArray(fields.atoms, `${where}: atoms`, 2).map((atom) => number(atom, "an atom"));
  const histogram = {
    ...createHistogram(atoms),
    count: count(fields.count, "count"),
    zeros: count(fields.zeros, "zeros"),
    min: number(fields.min, "min"),
    max: number(fields.max, "max"),
    exponent: fields.exponent === null ? null : asInteger(fields.exponent, `${where}: exponent`, -140, 128),
    atomCounts: asArray(fields.atomCounts, `${where}: counts of atoms`, 2).map((value) => count(value, "an atom")),
  };
  const sides = [bins(fields.positive, "positive"), bins(fields.negative, "negative")];
  histogram.positive.set(data.float64(sides[0]));
  histogram.negative.set(data.float64(sides[1]));
  const { positive, negative, atomCounts } = histogram;
  const counts = [histogram.zeros, ...atomCounts, ...positive, ...negative];
  const sum = counts.reduce((sum, value) => sum + count(value, "a bin"), 0);
  if (sum !== histogram.count || atomCounts.length !== atoms.length) {
    throw new RangeError(`${where}: its counts do not add up`);
  }
  if (histogram.exponent === null && sides.some((length) => length > 0)) {
    throw new RangeError(`${where}: its bins have no width`);
  }
  const raw = data.float32(asInteger(fields.raw, `${where}: raw`, 0, RAW_VALUES));
  if (!raw.every(Number.isFinite)) throw new RangeError(`${where}: a raw element is no finite number`);
  return { histogram, raw };
}

function readMoments(fields: ReturnType<typeof asFields>, data: DataReader): ChannelMoments {
  const where = `channels of "${fields.name}"`;
  const channels = asInteger(fields.channels, where, 1, MOST_CHANNELS);
  const count = asInteger(fields.count, `${where}: count`, 1, Number.MAX_SAFE_INTEGER);
  const lengths = data.uint16(2 * channels);
  const sums = Array.from(lengths, (length) => {
    const terms = Array.from(data.float64(asInteger(length, `${where}: terms`, 0, MOST_TERMS)));
    if (!terms.every(Number.isFinite)) throw new RangeError(`${where}: a sum is no finite number`);
    return terms;
  });
  return { count, sums: sums.slice(0, channels), squares: sums.slice(channels) };
}

function readChannels(fields: ReturnType<typeof asFields>, data: DataReader): ChannelHistograms {
  const where = `channels of "${fields.name}"`;
  const channels = asInteger(fields.channels, where, 1, MOST_CHANNELS);
  const count = asInteger(fields.count, `${where}: count`, 1, Number.MAX_SAFE_INTEGER);
  const samples = asInteger(fields.samples, `${where}: samples`, 1, count);
  const [min, max, secondMin, secondMax] = [0, 1, 2, 3].map(() => data.float32(channels));
  const exponents = data.int16(channels);
  const [positive, negative] = [0, 1].map(() => {
    const counts = new Float64Array(channels * CHANNEL_BINS);
    data.take(channels).forEach((length, channel) =>
      counts.set(data.float64(asInteger(length, `${where}: bins`, 0, CHANNEL_BINS)), channel * CHANNEL_BINS)
    );
    return counts;
  });
  for (let channel = 0; channel < channels; channel++) {
    const [first, end] = [channel * CHANNEL_BINS, (channel + 1) * CHANNEL_BINS];
    const bins = [...positive.subarray(first, end), ...negative.subarray(first, end)];
    const sum = bins.reduce((sum, value) => sum + asInteger(value, `${where}: a bin`, 0, count), 0);
    if (sum > count) throw new RangeError(`${where}: the counts are more than the values`);
    const isEmpty = exponents[channel] === NO_EXPONENT;
    if (!isEmpty) asInteger(exponents[channel], `${where}: exponent`, -140, 128);
    if (isEmpty !== (sum === 0)) throw new RangeError(`${where}: its bins have no width`);
    if (!(min[channel] <= 0 && min[channel] > -Infinity && max[channel] >= 0 && max[channel] < Infinity)) {
      throw new RangeError(`${where}: a range does not hold zero`);
    }
    if (
      !(secondMin[channel] <= 0 && secondMin[channel] >= min[channel]) ||
      !(secondMax[channel] >= 0 && secondMax[channel] <= max[channel])
    ) throw new RangeError(`${where}: a sample goes beyond the range`);
  }
  const isOneSided = negative.every((value) => value === 0);
  return {
    count,
    samples,
    min,
    max,
    secondMin,
    secondMax,
    exponents,
    positive,
    negative: isOneSided ? new Float64Array(0) : negative,
  };
}

/** Takes arrays from bytes, one after the other. */
class DataReader {
  #offset = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** The next bytes; a copy. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#offset;
    this.#offset += length;
    if (this.#offset > this.bytes.length) throw new RangeError("the data are shorter than the header says");
    return this.bytes.slice(start, this.#offset);
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.take(8 * length).buffer);
  }

  float32(length: number): Float32Array {
    return new Float32Array(this.take(4 * length).buffer);
  }

  int16(length: number): Int16Array {
    return new Int16Array(this.take(2 * length).buffer);
  }

  uint16(length: number): Uint16Array {
    return new Uint16Array(this.take(2 * length).buffer);
  }

  finish(): void {
    if (this.#offset !== this.bytes.length) throw new RangeError("the data are longer than the header says");
  }
}
