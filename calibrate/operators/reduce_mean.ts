/**
 * Means over dimensions.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { ReduceMeanNode } from "../graph/graph.ts";
import { orderOf, place } from "../graph/relayout.ts";
import type { Shape } from "../graph/shape.ts";
import type { LowerContext } from "../lower/context.ts";
import { copy, permutationWalk, walkLimits } from "../lower/copy.ts";
import { LARGEST_WINDOW } from "./images.ts";
import { checkNothing, computed, describeAs, linkOneByOne, noParameterAxis, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** The mean over some dimensions. */
export const reduceMean: Operator<ReduceMeanNode> = {
  shape: ({ axes }, [input]) => input.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  samples: ({ axes }, places) => keepPlace(places, axes, "it takes the mean or the sum over samples"),
  check: checkNothing,
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    const axes = node.axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    place(layout, { ...node, axes }, order);
  },
  parameterAxis: noParameterAxis,
  content: computed,
  forms: "needed",
  linkChannels: (node, linker) =>
    !node.axes.includes(linker.shape(node.inputs[0]).length - 1) && linkOneByOne(node, linker),
  describe: describeAs("mean"),
  limits({ axes }, { inputs: [input] }) {
    if (elementCount(axes.map((axis) => input[axis])) > LARGEST_WINDOW) {
      return `is over more than ${LARGEST_WINDOW} elements`;
    }
    return areNeighbours(axes, input) ? undefined : walkLimits(permutationWalk(input, reducedFirst(axes, input)));
  },
  lower(context, node) {
    const form = context.form(node);
    const shape = context.shape(node.inputs[0]);
    const { input, dimensions: [outer, reduced, inner] } = areNeighbours(node.axes, shape)
      ? { input: context.place(node.inputs[0], form), dimensions: aroundAxes(node.axes, shape) }
      : gather(context, node);
    context.builder.step({
      kernel: `average_pool_${form}`,
      name: node.name,
      inputs: [input],
      output: context.create(node.output, form),
      constants: [],
      attributes: {
        input: [outer, reduced, 1, inner],
        output: [outer, 1, 1, inner],
        kernel: [reduced, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pads: [0, 0, 0, 0],
        countIncludePad: 0,
      },
    });
  },
};

/** Whether no dimension longer than 1 stands between those that are reduced. */
function areNeighbours(axes: readonly number[], shape: Shape): boolean {
  return shape.every((length, axis) => length === 1 || axes.includes(axis) || axis < axes[0] || axis > axes.at(-1)!);
}

/** Elements before, in and after the reduced dimensions. */
function aroundAxes(axes: readonly number[], shape: Shape): number[] {
  const [first, last] = [axes[0], axes.at(-1)!];
  return [shape.slice(0, first), shape.slice(first, last + 1), shape.slice(last + 1)].map(elementCount);
}

/** The dimensions of a shape, those that are reduced first. */
function reducedFirst(axes: readonly number[], shape: Shape): number[] {
  return [...axes, ...[...shape.keys()].filter((axis) => !axes.includes(axis))];
}

/** Brings the reduced dimensions of a node's input to the front. */
function gather(context: LowerContext, { name, inputs: [value], output, axes }: ReduceMeanNode) {
  const form = context.forms.computed.get(output)!;
  const walk = permutationWalk(context.shape(value), reducedFirst(axes, context.shape(value)));
  const quantization = form === "u8" ? context.plan!.values.get(value) : undefined;
  const input = context.builder.tensor(`${output} gathered`, form, walk.dimensions, quantization);
  copy(context, { name, input: context.place(value, form), output: input }, walk);
  const reduced = elementCount(walk.dimensions.slice(0, axes.length));
  return { input, dimensions: [1, reduced, elementCount(walk.dimensions) / reduced] };
}
