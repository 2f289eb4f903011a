/**
 * Resampling of images.
 *
 * @module
 */

import { placeImages } from "../graph/relayout.ts";
import type { ResizeNode } from "../graph/graph.ts";
import { channelAxis, imageShape, refuseNoImage } from "./images.ts";
import { describeAs, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepImages } from "./samples.ts";

/** Resampling of images. */
export const resize: Operator<ResizeNode> = {
  shape({ rows, columns }, [input], { order }) {
    const size = [rows.weights.length, columns.weights.length];
    return refuseNoImage(input) ?? imageShape({ batch: input[0], channels: input[channelAxis(order)], size }, order);
  },
  samples: (_, places) => keepImages(places),
  check: ({ rows, columns }) =>
    [rows, columns].every(({ indices, weights }) => indices.length === 2 * weights.length)
      ? undefined
      : "has sampling positions that do not go with their weights",
  readsImages: true,
  relayout: placeImages,
  parameterAxis: noParameterAxis,
  content: () => ({ origin: "mixed" }),
  forms: "needed",
  linkChannels: linkOneByOne,
  describe: describeAs("resize"),
};
