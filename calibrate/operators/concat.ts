/**
 * Concatenation along one dimension.
 *
 * @module
 */

import type { ConcatNode } from "../graph/graph.ts";
import { checkNothing, type Operator } from "./operator.ts";

/** Concatenation along one dimension. */
export const concat: Operator<ConcatNode> = {
  shape({ axis }, inputs) {
    const shape = [...inputs[0]];
    for (const other of inputs.slice(1)) {
      const fits = other.length === shape.length && other.every((length, i) => i === axis || length === shape[i]);
      if (!fits) return `cannot join [${inputs[0]}] and [${other}] along axis ${axis}`;
      shape[axis] += other[axis];
    }
    return shape;
  },
  check: checkNothing,
};
