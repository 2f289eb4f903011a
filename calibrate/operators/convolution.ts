/**
 * Convolution of images.
 *
 * @module
 */

import type { ConvolutionNode } from "../graph/graph.ts";
import { isDepthwise } from "../graph/layers.ts";
import { placeImages } from "../graph/relayout.ts";
import { lowerLayer } from "../lower/lower_layer.ts";
import {
  channelAxis,
  imageShape,
  LARGEST_SIDE,
  LARGEST_WINDOW,
  positions,
  refuseNoImage,
  spatialAxes,
  windowLimits,
} from "./images.ts";
import { checkLayer, layerCounts, layerForms, linkLayer } from "./layers.ts";
import { computed, type Operator } from "./operator.ts";
import { keepImages } from "./samples.ts";

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
  samples: (_, places) => keepImages(places),
  check: checkLayer,
  readsImages: true,
  relayout: placeImages,
  parameterAxis: (_, __, order) => channelAxis(order),
  content: computed,
  forms: layerForms,
  linkChannels: linkLayer,
  describe: (node, { output }) => ({ kind: kindOf(node), ...layerCounts(node, output) }),
  limits({ weightShape: [, perGroup, ...kernel], stride, dilation, pads }, { output }) {
    if (kernel.some((length) => length > LARGEST_SIDE)) return `has a window of ${kernel}: at most ${LARGEST_SIDE} fit`;
    if (perGroup * kernel[0] * kernel[1] > LARGEST_WINDOW) return `sums more than ${LARGEST_WINDOW} products`;
    return windowLimits({ kernel, stride, dilation, pads }, output.slice(1, 3));
  },
  lower(context, node) {
    const { weightShape, stride, dilation, pads, groups } = node;
    lowerLayer(context, node, {
      input: context.shape(node.inputs[0]),
      output: context.shape(node.output),
      kernel: weightShape.slice(2),
      stride,
      dilation,
      pads: pads.slice(0, 2),
      groups,
    });
  },
};

function kindOf(node: ConvolutionNode): string {
  if (isDepthwise(node)) return "depthwise convolution";
  return node.weightShape[2] * node.weightShape[3] === 1 ? "pointwise convolution" : "convolution";
}
