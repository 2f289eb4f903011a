/**
 * Insertion of zeros between the pixels of images.
 *
 * @module
 */

import type { DilateNode } from "../graph/graph.ts";
import { placeImages } from "../graph/relayout.ts";
import { stridesOf } from "../graph/shape.ts";
import { lowerFilled } from "../lower/movement.ts";
import { channelAxis, imageShape, refuseNoImage, spatialAxes } from "./images.ts";
import { checkNothing, describeAs, linkOneByOne, noLimits, noParameterAxis, type Operator } from "./operator.ts";
import { keepImages } from "./samples.ts";

/** Insertion of zeros between the pixels of images. */
export const dilate: Operator<DilateNode> = {
  shape({ step }, [input], { order }) {
    const size = spatialAxes(order).map((axis, i) => (input[axis] - 1) * step[i] + 1);
    return refuseNoImage(input) ?? imageShape({ batch: input[0], channels: input[channelAxis(order)], size }, order);
  },
  samples: (_, places) => keepImages(places),
  check: checkNothing,
  readsImages: true,
  relayout: placeImages,
  parameterAxis: noParameterAxis,
  content: () => ({ origin: "moved", filler: 0 }),
  forms: "needed",
  linkChannels: linkOneByOne,
  describe: describeAs("dilate"),
  limits: noLimits,
  lower(context, node) {
    const dimensions = context.shape(node.inputs[0]);
    const factors = [1, ...node.step, 1];
    const outputStrides = stridesOf(context.shape(node.output)).map((stride, axis) => stride * factors[axis]);
    lowerFilled(context, node, { walk: { dimensions, inputStrides: stridesOf(dimensions), outputStrides }, value: 0 });
  },
};
