/**
 * The statistics of a whole calibration from those of its parts.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import { validatePreprocessing } from "../../runtime/preprocessing.ts";
import { FINGERPRINT_BYTES } from "../dataset/fingerprint.ts";
import { createChannelHistograms, mergeChannelHistograms } from "../observe/channel_histograms.ts";
import { createChannelMoments, mergeChannelMoments } from "../observe/channel_moments.ts";
import { createHistogram, mergeHistogram } from "../observe/histogram.ts";
import { readStatistics } from "../observe/read_statistics.ts";
import type { SampleSummary } from "../observe/sample_summary.ts";
import type { SamplePart, Statistics } from "../observe/statistics.ts";
import { readFile } from "../read_file.ts";
import type { Watched } from "../stream/observation.ts";
import { surveyedNames, watchedValues } from "./observe_samples.ts";
import { hashNetwork } from "./prepare_network.ts";
import type { Session } from "./session.ts";

/** What is kept of a part until all are joined. */
interface JoinedPart extends SamplePart {
  file: string;
  /** Raw elements of each value, in the values' order. */
  raw: Float32Array[];
  summaries: SampleSummary[];
}

/**
 * Adds up the statistics of parts, in any order; their files are read one at a time.
 *
 * The result is that of observing all samples in one run, to the last bit. From
 * here on the session's lanes take no samples but those that were observed.
 *
 * @param files Paths of the parts' statistics files.
 * @throws {SyntaxError} Where one of them cannot be parsed.
 * @throws {RangeError} Where a sample is in no part or in several, or is another one than was observed.
 * @throws {TypeError} Where a part is of another network, of images prepared otherwise, or of another number of samples.
 */
export async function joinStatistics(
  session: Pick<Session, "network" | "samples" | "preprocessing" | "lanes">,
  files: readonly string[],
): Promise<Statistics> {
  const { network, samples, preprocessing, lanes } = session;
  const watched = watchedValues(network);
  const total = samples.length;
  const expected = {
    network: await hashNetwork(network),
    total,
    preprocessing,
    watched,
    peaks: surveyedNames(network).length,
  };
  const histograms = watched.values.map(({ atoms }) => createHistogram(atoms));
  const moments = watched.channels.map(({ channels }) => createChannelMoments(channels));
  const normalized = watched.layers.map(({ trained }) => createChannelMoments(trained.beta.length));
  const grids = watched.grids.map(({ channels }) => createChannelHistograms(channels));
  const fingerprints = new Uint8Array(total * FINGERPRINT_BYTES);
  const joined: JoinedPart[] = [];
  for (const file of files) {
    const statistics = await readStatistics(await readFile(file), file);
    checkPart(statistics, file, expected);
    const { part: { first, end }, values, channels, channelHistograms, summaries } = statistics;
    const other = joined.find((part) => part.first < end && first < part.end);
    if (other) throw new InputRangeError(`${other.file} and ${file} hold the same samples (shards must be given once)`);
    fingerprints.set(statistics.fingerprints, first * FINGERPRINT_BYTES);
    watched.values.forEach(({ name }, index) => mergeHistogram(histograms[index], values.get(name)!.histogram));
    watched.channels.forEach(({ name }, index) => mergeChannelMoments(moments[index], channels.get(name)!));
    watched.layers.forEach(({ name }, index) =>
      mergeChannelMoments(normalized[index], statistics.normalized.get(name)!)
    );
    watched.grids.forEach(({ name }, index) => mergeChannelHistograms(grids[index], channelHistograms.get(name)!));
    const raw = watched.values.map(({ name }) => values.get(name)!.raw);
    joined.push({ file, first, end, total, raw, summaries });
  }
  joined.sort((a, b) => a.first - b.first);
  checkComplete(joined, total);
  const team = await lanes.open("samples", () => undefined);
  await team.everywhere("expect", fingerprints);
  await team.share(joined, (lane, { first }) => lane.run("check", first), () => {});
  await team.close();
  return {
    network: expected.network,
    ...(preprocessing && { preprocessing }),
    part: { first: 0, end: total, total },
    fingerprints,
    values: new Map(watched.values.map(({ name }, index) => {
      const raw = new Float32Array(joined.flatMap((part) => Array.from(part.raw[index])));
      return [name, { histogram: histograms[index], raw }];
    })),
    channels: new Map(watched.channels.map(({ name }, index) => [name, moments[index]])),
    normalized: new Map(watched.layers.map(({ name }, index) => [name, normalized[index]])),
    channelHistograms: new Map(watched.grids.map(({ name }, index) => [name, grids[index]])),
    summaries: joined.flatMap(({ summaries }) => summaries),
  };
}

function checkPart(
  statistics: Statistics,
  file: string,
  expected: {
    network: string;
    total: number;
    preprocessing: Session["preprocessing"];
    watched: Watched;
    peaks: number;
  },
): void {
  if (statistics.network !== expected.network) {
    throw new InputError(`${file} is of another network`);
  }
  const recipes = [statistics, expected].map(({ preprocessing }) =>
    preprocessing ? JSON.stringify(validatePreprocessing(preprocessing, "preprocessing")) : "none"
  );
  if (recipes[0] !== recipes[1]) {
    throw new InputError(`${file} is of samples with the preprocessing ${recipes[0]}: here it is ${recipes[1]}`);
  }
  const { part: { total }, values, channels, normalized, channelHistograms, summaries } = statistics;
  if (total !== expected.total) {
    throw new InputError(`${file} is of a calibration on ${total} samples: this one has ${expected.total}`);
  }
  const suits = values.size === expected.watched.values.length && channels.size === expected.watched.channels.length &&
    channelHistograms.size === expected.watched.grids.length &&
    expected.watched.values.every(({ name, atoms }) =>
      values.get(name)?.histogram.atoms.join() === atoms.map(Math.fround).join()
    ) &&
    expected.watched.channels.every(({ name, channels: count }) => channels.get(name)?.sums.length === count) &&
    normalized.size === expected.watched.layers.length &&
    expected.watched.layers.every(({ name, trained }) => normalized.get(name)?.sums.length === trained.beta.length) &&
    expected.watched.grids.every(({ name, channels: count }) => channelHistograms.get(name)?.min.length === count) &&
    summaries.every(({ peaks }) => peaks.length === expected.peaks);
  if (!suits) throw new InputError(`${file} was written by another version of this program: observe its samples again`);
}

function checkComplete(parts: readonly JoinedPart[], total: number): void {
  let next = 0;
  for (const { first, end } of [...parts, { first: total, end: total }]) {
    if (first > next) {
      throw new InputRangeError(
        `Samples ${next} to ${first - 1} of ${total} are in none of the files: a shard is missing`,
      );
    }
    next = end;
  }
}
