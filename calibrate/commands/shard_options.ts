/**
 * Options of a calibration that is shared by several runs.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import type { Shard } from "../observe/shard.ts";

/** A run that observes a share of the samples, and where its statistics go. */
export interface ShardRun extends Shard {
  /** Path of the file to write. */
  statistics: string;
}

/**
 * Reads `--shard` and checks what it goes together with.
 *
 * @returns Undefined where the run is no shard's.
 * @throws {TypeError} Where options are missing or don't go together.
 * @throws {RangeError} Where there is no such shard.
 */
export function readShard(
  values: {
    shard?: string | undefined;
    statistics?: string | undefined;
    merge?: string[] | undefined;
    output?: string | undefined;
    json?: string | undefined;
    "drop-outliers"?: boolean | undefined;
  },
): ShardRun | undefined {
  const { shard, statistics } = values;
  if (shard === undefined) {
    if (statistics === undefined) return undefined;
    throw new InputError("--statistics is what a shard writes: give --shard I/N too (1/1 for all samples)");
  }
  if (statistics === undefined) throw new InputError("--shard needs --statistics: where shall its statistics go");
  for (const option of ["merge", "output", "json", "drop-outliers"] as const) {
    if (values[option] !== undefined) {
      throw new InputError(`--shard does not go together with --${option}: it writes --statistics alone`);
    }
  }
  const [index, count, ...rest] = shard.split("/").map((text) => /^\d+$/.test(text) ? Number(text) : NaN);
  if (rest.length > 0 || !(index >= 1 && index <= count)) {
    throw new InputRangeError(`--shard must be I/N with I from 1 to N, such as 1/8: got "${shard}"`);
  }
  return { index, count, statistics };
}
