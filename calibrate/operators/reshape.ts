/**
 * The same elements under another shape.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { ReshapeNode } from "../graph/graph.ts";
import { addNode, formOf, permute, primaryForm } from "../graph/relayout.ts";
import { checkNothing, describeAs, moved, noLimits, noParameterAxis, type Operator } from "./operator.ts";
import { planReshape } from "./reshape_order.ts";

/** The same elements under another shape. */
export const reshape: Operator<ReshapeNode> = {
  shape: (_, [input], { wanted }) =>
    wanted && elementCount(input) === elementCount(wanted)
      ? [...wanted]
      : `cannot give [${input}] the shape [${wanted}]`,
  samples(_, [place], { inputs: [input], output, count }) {
    const outside = elementCount(input.slice(0, place!.axis)) * place!.outer;
    let before = 1;
    for (const [axis, length] of output.entries()) {
      const isWithin = outside % before === 0 && (before * length) % (outside * count) === 0;
      if (before <= outside && outside < before * length && isWithin) return { axis, outer: outside / before };
      before *= length;
    }
    return "it tears samples apart";
  },
  check: checkNothing,
  readsImages: false,
  relayout(layout, node, readers) {
    const [input] = node.inputs;
    const from = layout.source.get(input)!.shape;
    const to = layout.source.get(node.output)!.shape;
    const held = primaryForm(layout, input);
    const plan = planReshape(from, to, held.order);
    const moves = held.order.filter((axis) => from[axis] !== 1).join() !==
      plan.inputOrder.filter((axis) => from[axis] !== 1).join();
    const flattens = to.length === 2 && to[0] === 1 && to[1] !== 1;
    if (moves && flattens && readers.length > 0 && readers.every((reader) => reader.op === "fullyConnected")) {
      const natural = Int32Array.from({ length: to[1] }, (_, i) => i);
      layout.columns.set(node.output, permute(natural, from, held.order));
      return addNode(layout, { ...node, inputs: [held.name] }, [0, 1]);
    }
    const source = formOf(layout, input, plan.inputOrder);
    addNode(layout, { ...node, inputs: [source.name] }, plan.outputOrder);
  },
  parameterAxis: noParameterAxis,
  content: moved,
  forms: "needed",
  linkChannels({ inputs: [input], output }, linker) {
    const channels = linker.channels(input);
    if (linker.channels(output) % channels !== 0) return false;
    linker.follow(output, input, (channel) => channel % channels);
    return true;
  },
  describe: describeAs("reshape"),
  limits: noLimits,
  /** The result is another name of the same tensor. */
  lower(context, node) {
    const form = context.form(node);
    const places = context.places.get(node.output);
    context.places.set(node.output, { ...places, [form]: context.place(node.inputs[0], form) });
  },
};
