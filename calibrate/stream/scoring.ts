/**
 * The stage that tells how 8-bit programs do on samples, judged by their first
 * output alone.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import { indexOfLargest, rankOf } from "../accuracy.ts";
import type { Lowered } from "../program/lower.ts";
import type { LaneNetwork } from "./lane_network.ts";

/** How programs did on a sample. */
export interface Scores {
  /** The float program's first output, where it ran. */
  float?: Float32Array;
  /** For each program the rank of the class that is right, 0 for the best, and the energy of its first output's error. */
  programs: { rank: number; noise: number }[];
}

/** What a lane can be asked while it scores. */
export interface ScoringStage {
  /**
   * Runs the programs on a sample and looks at their first output.
   *
   * @param known The float program's first output; where absent, the float program runs too.
   */
  score(sample: number, known?: Float32Array): Promise<Scores>;
}

/** Opens the stage. */
export function openScoring(
  { samples, executor }: LaneNetwork,
  { programs }: { programs: readonly Lowered[] },
): ScoringStage {
  const executors = programs.map((program) => new Executor(program));
  return {
    async score(sample, known) {
      const { write } = await samples.read(sample);
      return scoreSample(executors, known ?? executor, { write, label: samples.dataset.labels?.[sample] });
    },
  };
}

/**
 * Runs programs on a sample.
 *
 * @param float The float program's first output, or the program itself.
 * @param label The class that is right; where absent, the one that the float program says.
 */
function scoreSample(
  programs: readonly Executor[],
  float: Float32Array | Executor,
  { write, label }: { write: (executor: Executor) => void; label: number | undefined },
): Scores {
  const outputOf = (executor: Executor) => {
    write(executor);
    executor.run();
    return executor.tensor(executor.program.outputs[0].tensor) as Float32Array;
  };
  const known = float instanceof Float32Array;
  const floats = known ? float : outputOf(float).slice();
  const right = label ?? indexOfLargest(floats);
  const scores = programs.map((executor) => {
    const output = outputOf(executor);
    return { rank: rankOf(output, right), noise: distance(floats, output) };
  });
  return { ...(!known && { float: floats }), programs: scores };
}

/** Sum of the squared differences. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] - b[index]) ** 2;
  return sum;
}
