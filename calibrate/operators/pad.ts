/**
 * Padding with a number.
 *
 * @module
 */

import type { PadNode } from "../graph/graph.ts";
import type { Operator } from "./operator.ts";

/** Padding with a number. */
export const pad: Operator<PadNode> = {
  shape: ({ before, after }, [input]) =>
    before.length === input.length
      ? input.map((length, axis) => before[axis] + length + after[axis])
      : `cannot pad [${input}] by [${before}]`,
  check: ({ before, after }) =>
    before.length === after.length && [...before, ...after].every((amount) => amount >= 0)
      ? undefined
      : `has pads of [${before}] and [${after}]`,
};
