/**
 * Permutation of dimensions.
 *
 * @module
 */

import type { TransposeNode } from "../graph/graph.ts";
import { hold, primaryForm } from "../graph/relayout.ts";
import type { LowerContext } from "../lower/context.ts";
import { permutationWalk, walkLimits } from "../lower/copy.ts";
import { lowerMovement } from "../lower/movement.ts";
import { describeAs, linkOneByOne, moved, noParameterAxis, type Operator } from "./operator.ts";

/** Permutation of dimensions. */
export const transpose: Operator<TransposeNode> = {
  shape: ({ permutation }, [input]) =>
    permutation.length === input.length
      ? permutation.map((axis) => input[axis])
      : `cannot permute [${input}] by [${permutation}]`,
  samples: ({ permutation }, [place]) => ({ ...place!, axis: permutation.indexOf(place!.axis) }),
  check: ({ permutation }) =>
    permutation.toSorted((a, b) => a - b).every((axis, i) => axis === i)
      ? undefined
      : `has [${permutation}], which is no permutation`,
  readsImages: false,
  relayout(layout, { inputs, output, permutation }) {
    const from = primaryForm(layout, inputs[0]);
    hold(layout, output, { name: from.name, order: from.order.map((axis) => permutation.indexOf(axis)) });
  },
  parameterAxis: noParameterAxis,
  content: moved,
  forms: "needed",
  linkChannels: (node, linker) => node.permutation.at(-1) === node.permutation.length - 1 && linkOneByOne(node, linker),
  describe: describeAs("transpose"),
  limits: ({ permutation }, { inputs: [input] }) => walkLimits(permutationWalk(input, permutation)),
  lower(context, node) {
    if (context.firstTransposes.get(node.inputs[0]) === node) return quantizeInput(context, node);
    lowerMovement(context, node, permutationWalk(context.shape(node.inputs[0]), node.permutation));
  },
};

/** Quantises an input of the network on its way to channels last. */
function quantizeInput(context: LowerContext, { name, inputs: [input], output }: TransposeNode): void {
  const [batch, channels, height, width] = context.shape(input);
  context.builder.step({
    kernel: "quantize",
    name,
    inputs: [context.place(input, "f32")],
    output: context.create(output, "u8"),
    constants: [],
    attributes: { dimensions: [batch, height * width, channels], transposed: 1 },
  });
}
