/**
 * 8-bit programs on samples, beside one run of the float network.
 *
 * @module
 */

import type { OutputKind } from "../../runtime/program.ts";
import { indexOfLargest, rankOf } from "../accuracy.ts";
import type { Lowered } from "../program/lower.ts";
import type { SampleFidelity } from "../fidelity.ts";
import type { CalibrationLanes } from "../stream/table.ts";
import { groupsThatFit } from "./groups_that_fit.ts";

/** The float network on samples. */
export interface FloatScores {
  /** Its first output for each sample. */
  outputs: Float32Array[];
  /** Rank of each sample's label; 0 where there are no labels. */
  ranks: number[];
  /** Energy of all outputs. */
  signal: number;
}

/**
 * How a program did: the rank of each sample's label, or without labels of what
 * the float network says, and its first outputs beside that network's.
 */
export interface ProgramScores {
  ranks: number[];
  fidelity: SampleFidelity[];
}

/** Memory for the programs that run at the same time, over all workers. */
const PROGRAM_BYTES = 2 ** 30;

/**
 * Runs programs on the samples that the lanes have open.
 *
 * @param samples Positions of the samples in the data.
 * @param float Is filled at the first call; from then on, with the same samples, the float network does not run.
 */
export async function scorePrograms(
  { lanes, samples, labels, kind, progress }: {
    lanes: CalibrationLanes;
    samples: readonly number[];
    labels?: Int32Array | undefined;
    /** What the first output is; undefined where it is no classes. */
    kind?: OutputKind | undefined;
    progress: ((done: number, total: number) => void) | undefined;
  },
  programs: readonly Lowered[],
  float: FloatScores,
): Promise<ProgramScores[]> {
  const scores = programs.map((): ProgramScores => ({ ranks: [], fidelity: [] }));
  const bytesOf = (index: number) => programs[index].program.arenaBytes + programs[index].data.length;
  const batches = groupsThatFit([...programs.keys()], bytesOf, PROGRAM_BYTES / lanes.count);
  const total = batches.length * samples.length;
  let done = 0;
  for (const batch of batches) {
    const team = await lanes.open("score", () => ({ programs: batch.map((index) => programs[index]), kind }));
    const { outputs } = float;
    await team.share(
      [...samples.keys()],
      (lane, position) => lane.run("score", samples[position], outputs[position]),
      (result, position) => {
        if (result.float) addFloat(float, result.float, labels?.[samples[position]]);
        result.programs.forEach(({ rank, fidelity }, position) => {
          const score = scores[batch[position]];
          score.ranks.push(rank);
          score.fidelity.push(fidelity);
        });
      },
      () => progress?.(++done, total),
    );
    await team.close();
  }
  return scores;
}

function addFloat(float: FloatScores, output: Float32Array, label: number | undefined): void {
  float.outputs.push(output);
  float.ranks.push(rankOf(output, label ?? indexOfLargest(output)));
  for (const value of output) float.signal += value * value;
}
