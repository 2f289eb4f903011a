/**
 * Shares of the samples for runs that observe apart from each other.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import type { SamplePart } from "./statistics.ts";

/** One of several runs that share the samples of a calibration. */
export interface Shard {
  /** Which of the runs, from 1. */
  index: number;
  /** Number of runs. */
  count: number;
}

/**
 * The samples of a shard: of N samples those from floor((index - 1) N / count) to the one before floor(index N / count).
 *
 * @param total Number of samples of the whole calibration.
 * @throws {RangeError} Where there is no such shard, or some shard would have no sample.
 */
export function samplesOfShard({ index, count }: Shard, total: number): SamplePart {
  if (!Number.isInteger(index) || !Number.isInteger(count) || index < 1 || index > count) {
    throw new InputRangeError(`There is no shard ${index}/${count}: shards are counted from 1`);
  }
  if (count > total) throw new InputRangeError(`Cannot share ${total} samples among ${count} shards`);
  return { first: Math.floor((index - 1) * total / count), end: Math.floor(index * total / count), total };
}
