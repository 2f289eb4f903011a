/**
 * Pooling of images.
 *
 * @module
 */

import { placeImages } from "../graph/relayout.ts";
import type { PoolNode } from "../graph/graph.ts";
import { channelAxis, imageShape, refuseNoImage, spatialAxes } from "./images.ts";
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
};
