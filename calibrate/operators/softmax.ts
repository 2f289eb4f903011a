/**
 * Softmax over one dimension.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { SoftmaxNode } from "../graph/graph.ts";
import { placeAlongAxis } from "../graph/relayout.ts";
import { axisLast } from "../graph/shape.ts";
import { copy, permutationWalk, walkLimits } from "../lower/copy.ts";
import { checkNothing, describeAs, FLOAT_OPERATOR, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Softmax over one dimension. */
export const softmax: Operator<SoftmaxNode> = {
  ...FLOAT_OPERATOR,
  shape: ({ axis }, [input]) => axis < input.length ? [...input] : `has no dimension ${axis} in [${input}]`,
  samples: ({ axis }, places) => keepPlace(places, [axis], "it takes the softmax over samples"),
  check: checkNothing,
  relayout: placeAlongAxis,
  describe: describeAs("softmax"),
  limits: ({ axis }, { inputs: [input] }) => walkLimits(permutationWalk(input, axisLast(input, axis))),
  /** Another axis than the last is brought there and back. */
  lower(context, node) {
    const { builder } = context;
    const { name, axis } = node;
    const shape = context.shape(node.output);
    const attributes = { dimensions: [elementCount(shape) / shape[axis], shape[axis]] };
    const step = { kernel: "softmax_f32" as const, name, constants: [], attributes };
    const input = context.place(node.inputs[0], "f32");
    if (axis === shape.length - 1) {
      builder.step({ ...step, inputs: [input], output: context.create(node.output, "f32") });
      return;
    }
    const there = permutationWalk(shape, axisLast(shape, axis));
    const [before, after] = ["turned", "softmax"].map((word) =>
      builder.tensor(`${node.output} ${word}`, "f32", there.dimensions)
    );
    copy(context, { name, input, output: before }, there);
    builder.step({ ...step, inputs: [before], output: after });
    const back = { ...there, inputStrides: there.outputStrides, outputStrides: there.inputStrides };
    copy(context, { name, input: after, output: context.create(node.output, "f32") }, back);
  },
};
