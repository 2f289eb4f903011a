/**
 * Parts of values.
 *
 * @module
 */

import type { SliceNode } from "../graph/graph.ts";
import { heldShape, orderOf, place } from "../graph/relayout.ts";
import { type Shape, stridesOf } from "../graph/shape.ts";
import { offsetOf, type Walk, walkLimits } from "../lower/copy.ts";
import { lowerMovement } from "../lower/movement.ts";
import { describeAs, moved, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** A part of a value. */
export const slice: Operator<SliceNode> = {
  shape({ starts, steps }, [input], { wanted }) {
    const inside = wanted?.length === input.length && input.every((length, axis) => {
      const end = starts[axis] + (wanted[axis] - 1) * steps[axis];
      return starts[axis] >= 0 && starts[axis] < length && end >= 0 && end < length;
    });
    return inside ? [...wanted] : `cannot cut [${wanted}] out of [${input}] from [${starts}] in steps of [${steps}]`;
  },
  samples({ starts, steps }, places, { inputs: [input], output }) {
    const isWhole = (axis: number) => starts[axis] === 0 && steps[axis] === 1 && input[axis] === output[axis];
    return keepPlace(places, starts.flatMap((_, axis) => isWhole(axis) ? [] : [axis]), "it takes some of the samples");
  },
  check: ({ starts, steps }) => starts.length === steps.length ? undefined : "has starts that do not go with its steps",
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    place(layout, { ...node, starts: heldShape(node.starts, order), steps: heldShape(node.steps, order) }, order);
  },
  parameterAxis: noParameterAxis,
  content: moved,
  forms: "needed",
  linkChannels({ inputs: [input], output, starts, steps }, linker) {
    linker.follow(output, input, (channel) => starts.at(-1)! + channel * steps.at(-1)!);
    return true;
  },
  describe: describeAs("slice"),
  limits: (node, { inputs: [input], output }) => walkLimits(walkOf(node, input, output)),
  lower(context, node) {
    lowerMovement(context, node, walkOf(node, context.shape(node.inputs[0]), context.shape(node.output)));
  },
};

function walkOf({ starts, steps }: SliceNode, input: Shape, output: Shape): Walk {
  const strides = stridesOf(input);
  return {
    dimensions: output,
    inputStrides: strides.map((stride, axis) => stride * steps[axis]),
    outputStrides: stridesOf(output),
    inputOffset: offsetOf(strides, starts),
  };
}
