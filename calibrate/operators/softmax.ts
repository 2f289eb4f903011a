/**
 * Softmax over one dimension.
 *
 * @module
 */

import type { SoftmaxNode } from "../graph/graph.ts";
import { checkNothing, type Operator } from "./operator.ts";

/** Softmax over one dimension. */
export const softmax: Operator<SoftmaxNode> = {
  shape: ({ axis }, [input]) => axis < input.length ? [...input] : `has no dimension ${axis} in [${input}]`,
  check: checkNothing,
};
