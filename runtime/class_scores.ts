/**
 * From a network's first output to the probabilities of its classes.
 *
 * @module
 */

import { exponential } from "./numerics/exponential.ts";
import type { OutputKind } from "./program.ts";

/**
 * The network's own probability of each class.
 *
 * @param output The first output.
 * @param kind What the output is; logits go through softmax, probabilities are taken as they are.
 * @returns Numbers from 0 to 1; they add up to 1 unless the probabilities are independent. Where an output is not
 * finite, some are not either.
 */
export function classScores(output: Float32Array, kind: OutputKind): Float64Array {
  if (kind === "logits") return softmax(output);
  // 8-bit levels may lie a rounding beyond 1.
  return Float64Array.from(output, (value) => Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : value);
}

function softmax(logits: Float32Array): Float64Array {
  const maximum = logits.reduce((max, value) => Math.max(max, value), -Infinity);
  const scores = Float64Array.from(logits, (value) => exponential(value - maximum));
  const sum = scores.reduce((total, value) => total + value, 0);
  return scores.map((value) => value / sum);
}
