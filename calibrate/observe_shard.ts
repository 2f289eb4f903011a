/**
 * The first stage of a calibration on a share of its samples, so that several
 * machines can observe a large set.
 *
 * @module
 */

import type { Graph } from "./graph/graph.ts";
import { findOutliers } from "./observe/outliers.ts";
import { samplesOfShard, type Shard } from "./observe/shard.ts";
import { writeStatistics } from "./observe/write_statistics.ts";
import { describeOutliers, outlierSentences, OutputErrors } from "./report/outliers.ts";
import { observeSamples, surveyedNames } from "./stages/observe_samples.ts";
import { sampleWarnings } from "./stages/sample_warnings.ts";
import { type SessionOptions, withSession } from "./stages/session.ts";

/** What a shard observes. */
export interface ShardOptions extends SessionOptions {
  /** Which share of the samples. */
  shard: Shard;
  /** Is told in a sentence what is unusual about the samples. */
  warn?: (warning: string) => void;
}

/**
 * Runs a float network on a shard's samples and returns what it saw, as the bytes of a statistics file.
 *
 * `calibrate` with the files of all shards as `merge` gives the same bundle as without.
 *
 * @throws {RangeError} Where samples are missing, hold values that are not numbers, or are fewer than the shards.
 * @throws {TypeError} Where the network cannot be calibrated on such samples.
 */
export async function observeShard(network: Graph, options: ShardOptions): Promise<Uint8Array<ArrayBuffer>> {
  return await withSession(network, options, async (session) => {
    const statistics = await observeSamples(session, samplesOfShard(options.shard, session.samples.length));
    if (options.warn) {
      const samples = session.samples.slice(statistics.part.first, statistics.part.end);
      const peaks = statistics.summaries.map(({ peaks }) => peaks);
      const seen = findOutliers(surveyedNames(session.network), samples, peaks);
      const far = describeOutliers(seen, [], new OutputErrors(network.outputs[0].value), session.dataset.nameOf);
      [...far ? outlierSentences(far) : [], ...sampleWarnings(session, statistics, seen)].forEach(options.warn);
    }
    return await writeStatistics(statistics);
  });
}
