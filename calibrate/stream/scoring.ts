/**
 * The stage that tells how 8-bit programs do on samples, judged by their first
 * output alone.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import type { OutputKind } from "../../runtime/program.ts";
import { indexOfLargest, rankOf } from "../accuracy.ts";
import { compareOutputs, type SampleFidelity } from "../fidelity.ts";
import type { Lowered } from "../program/lower.ts";
import type { LaneNetwork } from "./lane_network.ts";

/** What a lane scores. */
export interface ScoringOptions {
  /** The 8-bit programs. */
  programs: readonly Lowered[];
  /** What the first output is; undefined where it is no classes. */
  kind: OutputKind | undefined;
}

/** How programs did on a sample. */
export interface Scores {
  /** The float program's first output, where it ran. */
  float?: Float32Array;
  /** For each program the rank of the class that is right, 0 for the best, and its first output beside the float program's. */
  programs: { rank: number; fidelity: SampleFidelity }[];
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
  { programs, kind }: ScoringOptions,
): ScoringStage {
  const executors = programs.map((program) => new Executor(program));
  return {
    async score(sample, known) {
      const { write } = await samples.read(sample);
      return scoreSample(executors, known ?? executor, { write, label: samples.dataset.labels?.[sample], kind });
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
  { write, label, kind }: {
    write: (executor: Executor) => void;
    label: number | undefined;
    kind: OutputKind | undefined;
  },
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
    return { rank: rankOf(output, right), fidelity: compareOutputs(floats, output, kind) };
  });
  return { ...(!known && { float: floats }), programs: scores };
}
