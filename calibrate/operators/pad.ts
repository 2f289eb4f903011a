/**
 * Padding with a number.
 *
 * @module
 */

import type { PadNode } from "../graph/graph.ts";
import { heldShape, orderOf, place } from "../graph/relayout.ts";
import { type Shape, stridesOf } from "../graph/shape.ts";
import { offsetOf, type Walk, walkLimits } from "../lower/copy.ts";
import { lowerFilled } from "../lower/movement.ts";
import { describeAs, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** Padding with a number. */
export const pad: Operator<PadNode> = {
  shape: ({ before, after }, [input]) =>
    before.length === input.length
      ? input.map((length, axis) => before[axis] + length + after[axis])
      : `cannot pad [${input}] by [${before}]`,
  samples({ before, after }, places) {
    const padded = before.flatMap((amount, axis) => amount + after[axis] > 0 ? [axis] : []);
    return keepPlace(places, padded, "it pads the batch");
  },
  check: ({ before, after }) =>
    before.length === after.length && [...before, ...after].every((amount) => amount >= 0)
      ? undefined
      : `has pads of [${before}] and [${after}]`,
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    place(layout, { ...node, before: heldShape(node.before, order), after: heldShape(node.after, order) }, order);
  },
  parameterAxis: noParameterAxis,
  content: ({ value }) => ({ origin: "moved", filler: value }),
  forms: "needed",
  linkChannels: (node, linker) =>
    node.value === 0 && node.before.at(-1) === 0 && node.after.at(-1) === 0 && linkOneByOne(node, linker),
  describe: describeAs("pad"),
  limits: (node, { inputs: [input], output }) =>
    Number.isFinite(node.value)
      ? walkLimits(walkOf(node, input, output))
      : "has an infinite value, and no MaxPool takes it in",
  lower(context, node) {
    const walk = walkOf(node, context.shape(node.inputs[0]), context.shape(node.output));
    lowerFilled(context, node, { walk, value: node.value });
  },
};

function walkOf({ before }: PadNode, input: Shape, output: Shape): Walk {
  const outputStrides = stridesOf(output);
  return {
    dimensions: input,
    inputStrides: stridesOf(input),
    outputStrides,
    outputOffset: offsetOf(outputStrides, before),
  };
}
