/**
 * Resampling of images.
 *
 * @module
 */

import type { ResizeAxis, ResizeNode } from "../graph/graph.ts";
import { placeImages } from "../graph/relayout.ts";
import { channelAxis, imageShape, refuseNoImage } from "./images.ts";
import { describeAs, linkOneByOne, noLimits, noParameterAxis, type Operator } from "./operator.ts";
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
  limits: noLimits,
  lower(context, node) {
    const form = context.form(node);
    const constants = [node.rows, node.columns].map((axis) => context.builder.constant(samplingTable(axis)));
    context.builder.step({
      kernel: `resize_${form}`,
      name: node.name,
      inputs: [context.place(node.inputs[0], form)],
      output: context.create(node.output, form),
      constants,
      attributes: {
        input: context.shape(node.inputs[0]),
        output: context.shape(node.output),
        linear: node.mode === "linear" ? 1 : 0,
      },
    });
  },
};

function samplingTable({ indices, weights }: ResizeAxis): Int32Array {
  const table = new Int32Array(weights.length * 3);
  const floats = new Float32Array(table.buffer);
  for (const [position, weight] of weights.entries()) {
    table[position * 3] = indices[position * 2];
    table[position * 3 + 1] = indices[position * 2 + 1];
    floats[position * 3 + 2] = weight;
  }
  return table;
}
