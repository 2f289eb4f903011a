/**
 * Convolution of images.
 *
 * @module
 */

import type { ConvolutionNode } from "../graph/graph.ts";
import { channelAxis, imageShape, positions, refuseNoImage, spatialAxes } from "./images.ts";
import { checkLayer } from "./layer_parameters.ts";
import type { Operator } from "./operator.ts";

/** Convolution of images. */
export const convolution: Operator<ConvolutionNode> = {
  shape({ weightShape, groups, stride, dilation, pads }, [input], { order }) {
    const refusal = refuseNoImage(input);
    if (refusal) return refusal;
    const [outputs, perGroup, ...kernel] = weightShape;
    const channels = input[channelAxis(order)];
    if (perGroup * groups !== channels || outputs % groups !== 0) {
      return `of weights [${weightShape}] in ${groups} groups does not fit ${channels} channels`;
    }
    const size = spatialAxes(order).map((axis, i) =>
      positions(input[axis] + pads[i] + pads[i + 2], kernel[i], { stride: stride[i], dilation: dilation[i] })
    );
    return imageShape({ batch: input[0], channels: outputs, size }, order);
  },
  check: checkLayer,
};
