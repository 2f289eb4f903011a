/**
 * Elements of one value or another by a third.
 *
 * @module
 */

import type { SelectNode } from "../graph/graph.ts";
import { placeBroadcast } from "../graph/relayout_broadcast.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { operandLimits, placeOperands } from "../lower/operands.ts";
import { checkNothing, describeAs, FLOAT_OPERATOR, type Operator } from "./operator.ts";
import { broadcastPlace } from "./samples.ts";

/** Elements of one value or another by a third. */
export const select: Operator<SelectNode> = {
  ...FLOAT_OPERATOR,
  shape(_, [condition, a, b]) {
    const both = broadcastShapes(a, b);
    return (both && broadcastShapes(condition, both)) ?? `cannot broadcast [${condition}], [${a}] and [${b}]`;
  },
  samples: (_, places, { inputs, output }) => broadcastPlace(places, inputs, output.length),
  check: checkNothing,
  relayout: placeBroadcast,
  describe: describeAs("select"),
  limits: (_, { inputs, output }) => operandLimits(inputs, output),
  lower(context, node) {
    const { inputs, dimensions, strides } = placeOperands(context, node, "f32");
    const [conditionStrides, aStrides, bStrides] = strides;
    context.builder.step({
      kernel: "select_f32",
      name: node.name,
      inputs,
      output: context.create(node.output, "f32"),
      constants: [],
      attributes: { dimensions, conditionStrides, aStrides, bStrides },
    });
  },
};
