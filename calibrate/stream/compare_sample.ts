/**
 * Comparison of the float program and 8-bit programs on one sample, all run by
 * the kernels, node by node.
 *
 * @module
 */

import type { Executor } from "../../runtime/executor.ts";
import type { Lowered } from "../lower/lower.ts";
import { rankOf } from "../report/accuracy.ts";
import { stepRanges } from "./step_ranges.ts";

/** A lowered program with the executor that runs it. */
export interface Running {
  lowered: Lowered;
  executor: Executor;
}

/** What comparing one sample gave. */
export interface SampleComparison {
  /** Energy of the float result of each node, by the name of its output. */
  signal: Map<string, number>;
  /** Rank of the label in the float program's first output, 0 for the best; absent without labels. */
  rank?: number;
  /** The 8-bit programs, in order. */
  programs: ProgramComparison[];
}

/** What comparing an 8-bit program with the float one gave. */
export interface ProgramComparison {
  /** Energy of the difference of each node that both programs compute, by the name of its output. */
  noise: Map<string, number>;
  /** Rank of the label in the first output, 0 for the best; absent without labels. */
  rank?: number;
}

/** Runs all programs on a sample and compares the result of every node. */
export function compareSample(
  float: Running,
  programs: readonly Running[],
  { write, label }: { write: (executor: Executor) => void; label: number | undefined },
): SampleComparison {
  const rank = ({ executor }: Running) =>
    label === undefined
      ? {}
      : { rank: rankOf(executor.tensor(executor.program.outputs[0].tensor) as Float32Array, label) };
  for (const { executor } of [float, ...programs]) write(executor);
  const signal = new Map<string, number>();
  const noise = programs.map(() => new Map<string, number>());
  const ranges = programs.map(({ lowered }) => stepRanges(lowered));
  const runAll = (node: string) =>
    programs.forEach(({ executor }, index) => {
      const range = ranges[index].get(node);
      if (range) executor.run(range.first, range.end);
    });
  runAll("");
  for (const [node, { first, end }] of stepRanges(float.lowered)) {
    float.executor.run(first, end);
    if (node === "") continue;
    runAll(node);
    const reference = float.lowered.places.get(node)?.f32;
    if (reference === undefined) continue;
    const floats = float.executor.tensor(reference) as Float32Array;
    signal.set(node, energyOf(floats));
    programs.forEach(({ lowered, executor }, index) => {
      const place = lowered.places.get(node);
      if (place) noise[index].set(node, differenceOf(floats, executor, (place.f32 ?? place.u8)!));
    });
  }
  return {
    signal,
    ...rank(float),
    programs: programs.map((program, index) => ({ noise: noise[index], ...rank(program) })),
  };
}

function energyOf(values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}

function differenceOf(floats: Float32Array, executor: Executor, tensor: number): number {
  const values = executor.values(tensor);
  const { scale = 1, zeroPoint = 0 } = executor.program.tensors[tensor];
  let sum = 0;
  for (let index = 0; index < floats.length; index++) {
    const difference = (values[index] - zeroPoint) * scale - floats[index];
    sum += difference * difference;
  }
  return sum;
}
