/**
 * Means over dimensions.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { ReduceMeanNode } from "../graph/graph.ts";
import { placeAcrossAxes } from "../graph/relayout.ts";
import { placeReduced, reductionLimits } from "../lower/reduction.ts";
import { LARGEST_WINDOW } from "./images.ts";
import { checkNothing, computed, describeAs, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** The mean over some dimensions. */
export const reduceMean: Operator<ReduceMeanNode> = {
  shape: ({ axes }, [input]) => input.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  samples: ({ axes }, places) => keepPlace(places, axes, "it takes the mean or the sum over samples"),
  check: checkNothing,
  readsImages: false,
  relayout: placeAcrossAxes,
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "needed",
  linkChannels: (node, linker) =>
    !node.axes.includes(linker.shape(node.inputs[0]).length - 1) && linkOneByOne(node, linker),
  describe: describeAs("mean"),
  limits({ axes }, { inputs: [input] }) {
    if (elementCount(axes.map((axis) => input[axis])) > LARGEST_WINDOW) {
      return `is over more than ${LARGEST_WINDOW} elements`;
    }
    return reductionLimits(axes, input);
  },
  lower(context, node) {
    const form = context.form(node);
    const { input, dimensions: [outer, reduced, inner] } = placeReduced(context, node, form);
    context.builder.step({
      kernel: `average_pool_${form}`,
      name: node.name,
      inputs: [input],
      output: context.create(node.output, form),
      constants: [],
      attributes: {
        input: [outer, reduced, 1, inner],
        output: [outer, 1, 1, inner],
        kernel: [reduced, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        countIncludePad: 0,
      },
    });
  },
};
