/**
 * Running sums and the places of the greatest numbers.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { CumulativeSumNode, TopIndicesNode } from "../graph/graph.ts";
import { placeAlongAxis, placeInSourceOrder } from "../graph/relayout.ts";
import { aroundAxes } from "../graph/shape.ts";
import { checkNothing, describeAs, FLOAT_OPERATOR, noLimits, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Running sums along one dimension. */
export const cumulativeSum: Operator<CumulativeSumNode> = {
  ...FLOAT_OPERATOR,
  shape: ({ axis }, [input]) => axis < input.length ? [...input] : `has no dimension ${axis} in [${input}]`,
  samples: ({ axis }, places) => keepPlace(places, [axis], "it sums up samples"),
  check: checkNothing,
  relayout: placeAlongAxis,
  describe: describeAs("running sum"),
  limits: noLimits,
  lower(context, node) {
    const { axis, exclusive, reverse } = node;
    const shape = context.shape(node.output);
    context.builder.step({
      kernel: "cumulative_sum_f32",
      name: node.name,
      inputs: [context.place(node.inputs[0], "f32")],
      output: context.create(node.output, "f32"),
      constants: [],
      attributes: {
        dimensions: aroundAxes(shape, axis),
        exclusive: Number(exclusive),
        reverse: Number(reverse),
      },
    });
  },
};

/** Indices of the greatest numbers along the last dimension. */
export const topIndices: Operator<TopIndicesNode> = {
  ...FLOAT_OPERATOR,
  shape({ count }, [input]) {
    const length = input.at(-1) ?? 0;
    return count <= length ? input.with(-1, count) : `seeks ${count} of ${length} numbers`;
  },
  samples: (_, places, { inputs: [{ length: rank }] }) => keepPlace(places, [rank - 1], "it compares samples"),
  check: checkNothing,
  relayout: placeInSourceOrder,
  describe: describeAs("top indices"),
  limits: noLimits,
  lower(context, node) {
    const shape = context.shape(node.inputs[0]);
    const length = shape.at(-1)!;
    context.builder.step({
      kernel: "top_indices_f32",
      name: node.name,
      inputs: [context.place(node.inputs[0], "f32")],
      output: context.create(node.output, "f32"),
      constants: [],
      attributes: {
        dimensions: [elementCount(shape) / length, length, node.count],
        smallest: Number(node.smallest),
      },
    });
  },
};
