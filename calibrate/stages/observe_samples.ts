/**
 * The first stage of a calibration: the float network runs on samples and what
 * its values look like is counted.
 *
 * @module
 */

import { FINGERPRINT_BYTES } from "../dataset/fingerprint.ts";
import { layersOf } from "../graph/layers.ts";
import { isFixed } from "../grids/free_channels.ts";
import { linkChannels } from "../grids/link_channels.ts";
import { mergeChannelHistograms } from "../observe/channel_histograms.ts";
import { mergeChannelMoments } from "../observe/channel_moments.ts";
import { mergeHistogram } from "../observe/histogram.ts";
import type { SampleSummary } from "../observe/sample_summary.ts";
import { RAW_VALUES, rawShare, type SamplePart, type Statistics } from "../observe/statistics.ts";
import { atomsOf } from "../quantize/observed_values.ts";
import type { Watched } from "../stream/observation.ts";
import { hashNetwork, type PreparedNetwork } from "./prepare_network.ts";
import type { Session } from "./session.ts";

/**
 * Runs the float program on samples and returns their statistics.
 *
 * They do not depend on the number of lanes; those of parts can be merged.
 *
 * @param session Its samples are those of the whole calibration.
 * @param part The samples to be seen; all of them where absent.
 * @throws {RangeError} Where a value is not a finite number.
 */
export async function observeSamples(
  session: Pick<Session, "network" | "samples" | "preprocessing" | "lanes" | "progress">,
  part: SamplePart = { first: 0, end: session.samples.length, total: session.samples.length },
): Promise<Statistics> {
  const { network, samples, preprocessing, lanes, progress } = session;
  const watched = watchedValues(network);
  const team = await lanes.open("observe", () => watched);
  const raw = watched.values.map(() => ({ values: new Float32Array(RAW_VALUES), length: 0 }));
  const shares = samples.slice(part.first, part.end).map((sample, index) => ({
    sample,
    index,
    raw: rawShare(part.first + index, part.total),
  }));
  const fingerprints = new Uint8Array(shares.length * FINGERPRINT_BYTES);
  const summaries: SampleSummary[] = [];
  await team.share(
    shares,
    (lane, share) => lane.run("observe", share.sample, share.raw),
    (seen, { index }) => {
      fingerprints.set(seen.fingerprint, index * FINGERPRINT_BYTES);
      summaries.push(seen.summary);
      seen.raw.forEach((values, index) => {
        raw[index].values.set(values, raw[index].length);
        raw[index].length += values.length;
      });
    },
    (done) => progress?.("Observing", done, shares.length),
  );
  const [counted, ...others] = await team.everywhere("counted");
  await team.close();
  for (const { histograms, channels, normalized, grids } of others) {
    histograms.forEach((histogram, index) => mergeHistogram(counted.histograms[index], histogram));
    channels.forEach((moments, index) => mergeChannelMoments(counted.channels[index], moments));
    normalized.forEach((moments, index) => mergeChannelMoments(counted.normalized[index], moments));
    grids.forEach((histograms, index) => mergeChannelHistograms(counted.grids[index], histograms));
  }
  return {
    network: await hashNetwork(network),
    ...(preprocessing && { preprocessing }),
    part,
    fingerprints,
    values: new Map(watched.values.map(({ name }, index) => {
      const { values, length } = raw[index];
      return [name, { histogram: counted.histograms[index], raw: values.slice(0, length) }];
    })),
    channels: new Map(watched.channels.map(({ name }, index) => [name, counted.channels[index]])),
    normalized: new Map(watched.layers.map(({ name }, index) => [name, counted.normalized[index]])),
    channelHistograms: new Map(watched.grids.map(({ name }, index) => [name, counted.grids[index]])),
    summaries,
  };
}

/** The values of a network that statistics are taken of. */
export function watchedValues({ graph, groups }: Pick<PreparedNetwork, "graph" | "groups">): Watched {
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const inputs = new Set(layersOf(graph).map((layer) => layer.inputs[0]));
  const links = linkChannels(graph);
  const withChannels = (name: string) => ({ name, channels: graph.values.get(name)!.shape.at(-1)! });
  const free = groups.filter(({ members }) => members.some((member) => !isFixed(links, member)));
  return {
    values: groups.flatMap(({ sources }) => sources).map((name) => ({ name, atoms: atomsOf(producers.get(name)) })),
    channels: [...inputs].map(withChannels),
    grids: free.flatMap(({ sources }) => sources).map(withChannels),
    layers: layersOf(graph).flatMap(({ output, normalization }) =>
      normalization ? [{ name: output, trained: { gamma: normalization.gamma, beta: normalization.beta } }] : []
    ),
  };
}

/** Names of what samples are judged by: the watched values, then the outputs. */
export function surveyedNames(network: Pick<PreparedNetwork, "graph" | "groups">): string[] {
  return [...watchedValues(network).values, ...network.graph.outputs].map(({ name }) => name);
}
