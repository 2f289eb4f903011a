/**
 * Reductions over dimensions, other than means.
 *
 * @module
 */

import type { ReduceNode } from "../graph/graph.ts";
import { placeAcrossAxes } from "../graph/relayout.ts";
import { placeReduced, reductionLimits } from "../lower/reduction.ts";
import { checkNothing, FLOAT_OPERATOR, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** A reduction over some dimensions. */
export const reduce: Operator<ReduceNode> = {
  ...FLOAT_OPERATOR,
  shape: ({ axes }, [input]) => input.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  samples: ({ axes }, places) => keepPlace(places, axes, "it reduces over samples"),
  check: checkNothing,
  relayout: placeAcrossAxes,
  describe: ({ function: kind }) => ({ kind, parameters: 0, multiplyAdds: 0 }),
  limits: ({ axes }, { inputs: [input] }) => reductionLimits(axes, input),
  lower(context, node) {
    const { input, dimensions } = placeReduced(context, node, "f32");
    context.builder.step({
      kernel: "reduce_f32",
      name: node.name,
      inputs: [input],
      output: context.create(node.output, "f32"),
      constants: [],
      attributes: { dimensions, function: node.function },
    });
  },
};
