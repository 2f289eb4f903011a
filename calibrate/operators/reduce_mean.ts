/**
 * Means over dimensions.
 *
 * @module
 */

import type { ReduceMeanNode } from "../graph/graph.ts";
import { checkNothing, type Operator } from "./operator.ts";

/** The mean over some dimensions. */
export const reduceMean: Operator<ReduceMeanNode> = {
  shape: ({ axes }, [input]) => input.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  check: checkNothing,
};
