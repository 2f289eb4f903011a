/**
 * The float pass of a calibration: what the values of a network look like.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import type { Observation } from "../quantize/make_plan.ts";
import { atomsOf } from "../quantize/observed_values.ts";
import type { Lanes } from "../stream/lanes.ts";
import { mergeHistogram } from "./histogram.ts";

/** Raw values kept of each observed value, over all samples. */
const RAW_VALUES = 65536;

/** Runs the float program on all samples and returns what was seen of each value, by its name. */
export async function observeValues(
  lanes: Lanes,
  graph: Graph,
  options: {
    names: string[];
    samples: number;
    progress: ((phase: string, done: number, total: number) => void) | undefined;
  },
): Promise<Map<string, Observation>> {
  const { names, samples, progress } = options;
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const values = names.map((name) => ({
    name,
    atoms: atomsOf(producers.get(name)),
    raw: Math.ceil(RAW_VALUES / samples),
  }));
  let done = 0;
  const seen = await lanes.forSamples(samples, async (lane, sample) => {
    const observation = await lane.observe(sample, values);
    progress?.("Observing", ++done, samples);
    return observation;
  });
  const [first, ...others] = await Promise.all(lanes.all.map((lane) => lane.histograms()));
  return new Map(names.map((name, index) => {
    for (const histograms of others) mergeHistogram(first[index], histograms[index]);
    const raw = Float32Array.from(seen.flatMap((observation) => [...observation.raw[index]]));
    return [name, { histogram: first[index], raw }];
  }));
}
