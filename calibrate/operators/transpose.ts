/**
 * Permutation of dimensions.
 *
 * @module
 */

import type { TransposeNode } from "../graph/graph.ts";
import type { Operator } from "./operator.ts";

/** Permutation of dimensions. */
export const transpose: Operator<TransposeNode> = {
  shape: ({ permutation }, [input]) =>
    permutation.length === input.length
      ? permutation.map((axis) => input[axis])
      : `cannot permute [${input}] by [${permutation}]`,
  check: ({ permutation }) =>
    permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i)
      ? undefined
      : `has [${permutation}], which is no permutation`,
};
