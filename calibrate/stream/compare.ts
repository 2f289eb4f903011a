/**
 * Comparison of the float program and an 8-bit program on one sample, both run
 * by the kernels, node by node.
 *
 * @module
 */

import type { Executor } from "../../runtime/executor.ts";
import type { Lowered } from "../lower/lower.ts";
import { stepRanges } from "./step_ranges.ts";

/** A lowered program with the executor that runs it. */
export interface Running {
  lowered: Lowered;
  executor: Executor;
}

/** What comparing one sample gave. */
export interface SampleComparison {
  sample: number;
  /** For each node that both programs compute: energy of the float result and of the difference. */
  nodes: { node: string; signal: number; noise: number }[];
  /** Rank of the label in the first output, 0 for the best; absent without labels. */
  floatRank?: number;
  quantizedRank?: number;
}

/** Runs both programs on a sample and compares the result of every node. */
export function compareSample(
  float: Running,
  quantized: Running,
  options: { write: (executor: Executor) => void; label: number | undefined; sample: number },
): SampleComparison {
  options.write(float.executor);
  options.write(quantized.executor);
  const nodes: SampleComparison["nodes"] = [];
  const quantizedRanges = stepRanges(quantized.lowered);
  const run = (running: Running, range: { first: number; end: number } | undefined) => {
    if (range) running.executor.run(range.first, range.end);
  };
  run(quantized, quantizedRanges.get(""));
  for (const [node, range] of stepRanges(float.lowered)) {
    run(float, range);
    if (node === "") continue;
    run(quantized, quantizedRanges.get(node));
    const [reference, place] = [float.lowered.places.get(node)?.f32, quantized.lowered.places.get(node)];
    if (reference === undefined || place === undefined) continue;
    const floats = float.executor.tensor(reference) as Float32Array;
    nodes.push({ node, ...compareTensors(floats, quantized.executor, (place.f32 ?? place.u8)!) });
  }
  if (options.label === undefined) return { sample: options.sample, nodes };
  const rank = ({ executor }: Running) =>
    rankOf(executor.tensor(executor.program.outputs[0].tensor) as Float32Array, options.label!);
  return { sample: options.sample, nodes, floatRank: rank(float), quantizedRank: rank(quantized) };
}

function compareTensors(floats: Float32Array, executor: Executor, tensor: number): { signal: number; noise: number } {
  const values = executor.values(tensor);
  const { scale = 1, zeroPoint = 0 } = executor.program.tensors[tensor];
  let signal = 0;
  let noise = 0;
  for (let index = 0; index < floats.length; index++) {
    const difference = (values[index] - zeroPoint) * scale - floats[index];
    signal += floats[index] * floats[index];
    noise += difference * difference;
  }
  return { signal, noise };
}

/** Number of classes that come before a label; equal scores go by index. */
export function rankOf(scores: Float32Array, label: number): number {
  const score = scores[label];
  let rank = 0;
  for (let index = 0; index < scores.length; index++) {
    if (scores[index] > score || (scores[index] === score && index < label)) rank++;
  }
  return rank;
}
