/**
 * Positions of one dimension in any order.
 *
 * @module
 */

import type { Value } from "../graph/graph.ts";
import { emitConcat, emitSlice } from "./emit.ts";
import { UnsupportedReason } from "./errors.ts";
import type { Lowering } from "./lowering.ts";

/**
 * The given positions of one dimension: slices, joined where one does not do.
 *
 * @param range.indices Within the dimension, in any order and number.
 */
export function emitGather(lowering: Lowering, input: Value, range: { axis: number; indices: number[] }): Value {
  const { axis, indices } = range;
  if (indices.length === 0) throw new UnsupportedReason("its result is empty");
  const parts = runsOf(indices).map(({ start, step, count }) =>
    emitSlice(lowering, input, {
      starts: input.shape.map((_, i) => (i === axis ? start : 0)),
      steps: input.shape.map((_, i) => (i === axis ? step : 1)),
      shape: input.shape.map((own, i) => (i === axis ? count : own)),
    })
  );
  return emitConcat(lowering, parts, axis);
}

/** Most slices that stand for one choice of positions. */
export const MOST_RUNS = 64;

/** Positions as runs of one distance. */
export function runsOf(indices: number[]): { start: number; step: number; count: number }[] {
  const runs: { start: number; step: number; count: number }[] = [];
  for (const index of indices) {
    const run = runs.at(-1);
    const step = run && (run.count === 1 ? index - run.start : run.step);
    if (run && step !== 0 && index === run.start + run.count * step!) {
      run.step = step!;
      run.count++;
    } else {
      runs.push({ start: index, step: 1, count: 1 });
    }
  }
  return runs;
}
