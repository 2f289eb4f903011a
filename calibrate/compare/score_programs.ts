/**
 * Programs on the evaluation samples, beside one run of the float network.
 *
 * @module
 */

import { rankOf } from "../report/accuracy.ts";
import type { ProgressListener } from "../report/progress.ts";
import type { Lowered } from "../lower/lower.ts";
import type { Lanes } from "../stream/lanes.ts";
import type { RowLane } from "./row_lane.ts";

/** The float network on the evaluation samples. */
export interface FloatScores {
  /** Its first output for each sample. */
  outputs: Float32Array[];
  /** Rank of each sample's label. */
  ranks: number[];
  /** Energy of all outputs. */
  signal: number;
}

/** How a program did: the rank of each sample's label, and the energy of the error of its first outputs. */
export interface ProgramScores {
  ranks: number[];
  noise: number;
}

/** Memory for the programs that run at the same time, over all workers. */
const PROGRAM_BYTES = 2 ** 30;

/**
 * Runs programs on the samples that the lanes have open.
 *
 * @param float Is filled at the first call; from then on the float network does not run.
 */
export async function scorePrograms(
  { lanes, labels, progress }: {
    lanes: Lanes<RowLane>;
    labels: Int32Array;
    progress: ProgressListener | undefined;
  },
  programs: readonly Lowered[],
  float: FloatScores,
): Promise<ProgramScores[]> {
  const scores = programs.map((): ProgramScores => ({ ranks: [], noise: 0 }));
  const batches = batchesOf(programs, PROGRAM_BYTES / lanes.all.length);
  const total = batches.length * labels.length;
  let done = 0;
  for (const batch of batches) {
    await Promise.all(lanes.all.map((lane) => lane.prepareScoring(batch.map((index) => programs[index]))));
    const { outputs } = float;
    await lanes.share(
      [...labels.keys()],
      async (lane, sample) => {
        const result = await lane.score(sample, outputs[sample]);
        progress?.("Evaluating", ++done, total);
        return result;
      },
      (result, sample) => {
        if (result.float) addFloat(float, result.float, labels[sample]);
        result.programs.forEach(({ rank, noise }, position) => {
          const score = scores[batch[position]];
          score.ranks.push(rank);
          score.noise += noise;
        });
      },
    );
  }
  return scores;
}

function addFloat(float: FloatScores, output: Float32Array, label: number): void {
  float.outputs.push(output);
  float.ranks.push(rankOf(output, label));
  for (const value of output) float.signal += value * value;
}

/** Positions of programs in batches that memory holds. */
function batchesOf(programs: readonly Lowered[], room: number): number[][] {
  const batches: number[][] = [];
  let free = 0;
  for (const [index, { program, data }] of programs.entries()) {
    const bytes = program.arenaBytes + data.length;
    if (batches.length === 0 || bytes > free) {
      batches.push([]);
      free = room;
    }
    batches[batches.length - 1].push(index);
    free -= bytes;
  }
  return batches;
}
