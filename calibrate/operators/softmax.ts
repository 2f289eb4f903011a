/**
 * Softmax over one dimension.
 *
 * @module
 */

import { orderOf, place } from "../graph/relayout.ts";
import type { SoftmaxNode } from "../graph/graph.ts";
import { checkNothing, computed, describeAs, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Softmax over one dimension. */
export const softmax: Operator<SoftmaxNode> = {
  shape: ({ axis }, [input]) => axis < input.length ? [...input] : `has no dimension ${axis} in [${input}]`,
  samples: ({ axis }, places) => keepPlace(places, [axis], "it takes the softmax over samples"),
  check: checkNothing,
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    place(layout, { ...node, axis: order.indexOf(node.axis) }, order);
  },
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "float",
  linkChannels: () => false,
  describe: describeAs("softmax"),
};
