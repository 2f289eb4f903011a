/**
 * The last stage of a calibration: 8-bit programs against the float one on
 * samples.
 *
 * @module
 */

import type { OutputKind } from "../../runtime/program.ts";
import { type Accuracy, accuracyOf } from "../accuracy.ts";
import { decibels } from "../decibels.ts";
import { type ChannelMoments, mergeChannelMoments } from "../observe/channel_moments.ts";
import { type Fidelity, fidelityOf, type SampleFidelity } from "../fidelity.ts";
import type { Lowered } from "../program/lower.ts";
import type { ComparedChannels, SampleComparison } from "../stream/comparison.ts";
import type { WatchedChannels } from "../stream/observation.ts";
import type { Session } from "./session.ts";

/** Comparison of the float program and an 8-bit program over samples. */
export interface Summary {
  /** SQNR in dB of each node's result, by the name of its output; null where the float result is all zero, or without any error. */
  sqnr: Map<string, number | null>;
  /** How near the first output comes to the float program's. */
  fidelity: Fidelity;
  /** Accuracy of the float program, where there are labels. */
  float?: Accuracy;
  /** Accuracy of the 8-bit program, where there are labels. */
  quantized?: Accuracy;
}

/** What is wanted of a comparison beside its summaries. */
export interface ComparisonListener {
  /** Values whose channels are summed up in the lanes. */
  channels?: readonly WatchedChannels[];
  /** Is given the comparison of each sample, in order. */
  take(comparison: SampleComparison, sample: number): void;
  /** Is given the moments of the channels, when all samples are compared. */
  finish?(channels: ComparedChannels): void;
}

/**
 * Runs the float program and 8-bit ones on samples.
 *
 * @param kind What the first output is; undefined where it is no classes.
 * @returns One summary for each 8-bit program.
 */
export async function comparePrograms(
  { lanes, progress }: Pick<Session, "lanes" | "progress">,
  { programs, kind }: { programs: readonly Lowered[]; kind: OutputKind | undefined },
  samples: readonly number[],
  listeners: readonly ComparisonListener[],
): Promise<Summary[]> {
  const team = await lanes.open(
    "compare",
    () => ({ programs, channels: listeners.flatMap(({ channels = [] }) => channels), kind }),
  );
  const sums = createSums(programs.length);
  await team.share(
    samples,
    (lane, sample) => lane.run("compare", sample),
    (comparison, sample) => {
      addComparison(sums, comparison);
      for (const listener of listeners) listener.take(comparison, sample);
    },
    (done) => progress?.("Measuring", done, samples.length),
  );
  const channels = mergeChannels(await team.everywhere("channels"));
  for (const listener of listeners) listener.finish?.(channels);
  await team.close();
  return sums.programs.map(({ noise, ranks, fidelity }) => ({
    fidelity: fidelityOf(fidelity),
    sqnr: new Map([...noise].map(([node, energy]) => [node, decibels(sums.signal.get(node)!, energy)])),
    ...(sums.ranks.length > 0 && { float: accuracyOf(sums.ranks), quantized: accuracyOf(ranks) }),
  }));
}

/** What all lanes have seen together; the first is changed in place. */
function mergeChannels([all, ...others]: readonly ComparedChannels[]): ComparedChannels {
  const merge = (into: Map<string, ChannelMoments>, from: ReadonlyMap<string, ChannelMoments>) => {
    for (const [name, moments] of from) mergeChannelMoments(into.get(name)!, moments);
  };
  for (const { float, programs } of others) {
    merge(all.float, float);
    programs.forEach((program, index) => merge(all.programs[index], program));
  }
  return all;
}

/** Sums of comparisons so far. */
interface Sums {
  signal: Map<string, number>;
  ranks: number[];
  programs: { noise: Map<string, number>; ranks: number[]; fidelity: SampleFidelity[] }[];
}

function createSums(programs: number): Sums {
  return {
    signal: new Map(),
    ranks: [],
    programs: Array.from({ length: programs }, () => ({ noise: new Map(), ranks: [], fidelity: [] })),
  };
}

function addComparison(sums: Sums, { signal, rank, programs }: SampleComparison): void {
  addEnergies(sums.signal, signal);
  if (rank !== undefined) sums.ranks.push(rank);
  programs.forEach(({ noise, rank, fidelity }, index) => {
    addEnergies(sums.programs[index].noise, noise);
    sums.programs[index].fidelity.push(fidelity);
    if (rank !== undefined) sums.programs[index].ranks.push(rank);
  });
}

function addEnergies(sums: Map<string, number>, energies: ReadonlyMap<string, number>): void {
  for (const [node, energy] of energies) sums.set(node, (sums.get(node) ?? 0) + energy);
}
