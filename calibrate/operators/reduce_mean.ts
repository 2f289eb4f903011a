/**
 * Means over dimensions.
 *
 * @module
 */

import { orderOf, place } from "../graph/relayout.ts";
import type { ReduceMeanNode } from "../graph/graph.ts";
import { checkNothing, computed, describeAs, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** The mean over some dimensions. */
export const reduceMean: Operator<ReduceMeanNode> = {
  shape: ({ axes }, [input]) => input.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  samples: ({ axes }, places) => keepPlace(places, axes, "it takes the mean or the sum over samples"),
  check: checkNothing,
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    const axes = node.axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    place(layout, { ...node, axes }, order);
  },
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "needed",
  linkChannels: (node, linker) =>
    !node.axes.includes(linker.shape(node.inputs[0]).length - 1) && linkOneByOne(node, linker),
  describe: describeAs("mean"),
};
