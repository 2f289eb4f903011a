/**
 * Permutation of dimensions.
 *
 * @module
 */

import { hold, primaryForm } from "../graph/relayout.ts";
import type { TransposeNode } from "../graph/graph.ts";
import { describeAs, linkOneByOne, moved, noParameterAxis, type Operator } from "./operator.ts";

/** Permutation of dimensions. */
export const transpose: Operator<TransposeNode> = {
  shape: ({ permutation }, [input]) =>
    permutation.length === input.length
      ? permutation.map((axis) => input[axis])
      : `cannot permute [${input}] by [${permutation}]`,
  samples: ({ permutation }, [place]) => ({ ...place!, axis: permutation.indexOf(place!.axis) }),
  check: ({ permutation }) =>
    permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i)
      ? undefined
      : `has [${permutation}], which is no permutation`,
  readsImages: false,
  relayout(layout, { inputs, output, permutation }) {
    const from = primaryForm(layout, inputs[0]);
    hold(layout, output, { name: from.name, order: from.order.map((axis) => permutation.indexOf(axis)) });
  },
  parameterAxis: noParameterAxis,
  content: moved,
  forms: "needed",
  linkChannels: (node, linker) => node.permutation.at(-1) === node.permutation.length - 1 && linkOneByOne(node, linker),
  describe: describeAs("transpose"),
};
