/**
 * Activation functions on their own.
 *
 * @module
 */

import { activationTraits, allowsFactors, onGrids } from "../graph/activations.ts";
import type { ActivationNode } from "../graph/graph.ts";
import { orderOf, place } from "../graph/relayout.ts";
import { activationTable } from "../lower/activation_table.ts";
import { activationAttributes } from "../lower/epilogue.ts";
import { computed, linkOneByOne, noLimits, type Operator } from "./operator.ts";
import { keepPlace } from "./samples.ts";

/** An activation function on its own. */
export const activation: Operator<ActivationNode> = {
  shape({ slopes, axis }, [input]) {
    const fits = slopes === undefined || slopes.length === input[axis!];
    return fits ? [...input] : `has ${slopes.length} slopes along axis ${axis} of [${input}]`;
  },
  samples: ({ axis }, places) => keepPlace(places, axis === undefined ? [] : [axis], "it has a slope for each sample"),
  check({ activation, slopes, axis }) {
    if (activation.kind === "identity") return "is an activation that does nothing";
    const { perChannel } = activationTraits(activation);
    const fits = perChannel === (slopes !== undefined) && perChannel === (axis !== undefined);
    return fits ? undefined : "has slopes where none belong, or lacks them";
  },
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    if (node.axis === undefined) return place(layout, node, order);
    // The kernel takes slopes along the last dimension alone.
    const slopesLast = [...order.filter((axis) => axis !== node.axis), node.axis];
    place(layout, { ...node, axis: order.length - 1 }, slopesLast);
  },
  parameterAxis: ({ axis }) => axis,
  content: computed,
  forms({ activation, inputs }, { needed, isEightBit }) {
    const { perChannel, tabulated } = activationTraits(activation);
    const hasTable = !perChannel && tabulated && isEightBit(inputs[0]);
    const form = hasTable ? needed : "f32";
    return { reads: form, writes: form };
  },
  linkChannels: (node, linker) => allowsFactors(node.activation) && linkOneByOne(node, linker),
  describe: ({ activation, slopes }) => ({ kind: activation.kind, parameters: slopes?.length ?? 0, multiplyAdds: 0 }),
  limits: noLimits,
  lower(context, node) {
    const { builder, plan } = context;
    const form = context.form(node);
    const inputs = [context.place(node.inputs[0], form)];
    const output = context.create(node.output, form);
    if (form === "u8") {
      const [from, to] = [plan!.values.get(node.inputs[0])!, plan!.values.get(node.output)!];
      const activation = to.factors ? onGrids(node.activation)!.activation : node.activation;
      const table = builder.constant(activationTable(activation, from, to));
      builder.step({ kernel: "lookup", name: node.name, inputs, output, constants: [table], attributes: {} });
      return;
    }
    const constants = node.slopes ? [builder.constant(node.slopes)] : [];
    const attributes = activationAttributes(node.activation);
    builder.step({ kernel: "activation_f32", name: node.name, inputs, output, constants, attributes });
  },
};
