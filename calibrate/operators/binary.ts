/**
 * Element-wise functions of two values.
 *
 * @module
 */

import type { BinaryNode } from "../graph/graph.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { checkNothing, type Operator } from "./operator.ts";

/** An element-wise function of two values. */
export const binary: Operator<BinaryNode> = {
  shape: (_, [a, b]) => broadcastShapes(a, b) ?? `cannot broadcast [${a}] with [${b}]`,
  check: checkNothing,
};
