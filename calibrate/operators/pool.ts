/**
 * Pooling of images.
 *
 * @module
 */

import type { PoolNode } from "../graph/graph.ts";
import { placeImages } from "../graph/relayout.ts";
import { channelAxis, imageShape, LARGEST_WINDOW, refuseNoImage, spatialAxes, windowLimits } from "./images.ts";
import { checkNothing, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepImages } from "./samples.ts";

/** Pooling of images. */
export const pool: Operator<PoolNode> = {
  shape(_, [input], { order, wanted }) {
    const refusal = refuseNoImage(input);
    if (refusal) return refusal;
    if (wanted?.length !== 4) return `cannot give [${input}] the shape [${wanted}]`;
    const size = spatialAxes(order).map((axis) => wanted[axis]);
    return imageShape({ batch: input[0], channels: input[channelAxis(order)], size }, order);
  },
  samples: (_, places) => keepImages(places),
  check: checkNothing,
  readsImages: true,
  relayout: placeImages,
  parameterAxis: noParameterAxis,
  content: ({ reduction }) => ({ origin: reduction === "max" ? "selected" : "computed" }),
  forms: "needed",
  linkChannels: linkOneByOne,
  describe: ({ reduction }) => ({ kind: `${reduction} pool`, parameters: 0, multiplyAdds: 0 }),
  limits(node, { output }) {
    const [height, width] = node.kernel;
    if (height * width > LARGEST_WINDOW) return `has windows of more than ${LARGEST_WINDOW} elements`;
    return windowLimits(node, output.slice(1, 3));
  },
  lower(context, node) {
    const { name, kernel, stride, dilation, pads } = node;
    const form = context.form(node);
    context.builder.step({
      kernel: `${node.reduction}_pool_${form}`,
      name,
      inputs: [context.place(node.inputs[0], form)],
      output: context.create(node.output, form),
      constants: [],
      attributes: {
        input: context.shape(node.inputs[0]),
        output: context.shape(node.output),
        kernel,
        stride,
        dilation,
        pads,
        countIncludePad: node.countIncludePad ? 1 : 0,
      },
    });
  },
};
