/**
 * Element-wise functions of two values.
 *
 * @module
 */

import type { ChannelLinker } from "../graph/channel_links.ts";
import type { BinaryNode } from "../graph/graph.ts";
import { addNode, formOf, freshName, heldShape, orderOf, type Relayout } from "../graph/relayout.ts";
import { broadcastShapes } from "../graph/shape.ts";
import { activationTraits, allowsFactors } from "./activations.ts";
import { checkNothing, computed, noParameterAxis, type Operator } from "./operator.ts";
import { broadcastPlace } from "./samples.ts";

/** The functions that have an 8-bit kernel. */
const EIGHT_BIT: ReadonlySet<BinaryNode["operation"]> = new Set(["add", "subtract", "multiply"]);

/** An element-wise function of two values. */
export const binary: Operator<BinaryNode> = {
  shape: (_, [a, b]) => broadcastShapes(a, b) ?? `cannot broadcast [${a}] with [${b}]`,
  samples: (_, places, { inputs, output }) => broadcastPlace(places, inputs, output.length),
  check: checkNothing,
  readsImages: false,
  relayout(layout, node) {
    const order = orderOf(layout, node);
    const inputs = node.inputs.map((input) => {
      const missing = order.length - layout.source.get(input)!.shape.length;
      return missing === 0 ? formOf(layout, input, order).name : raise(layout, input, order);
    });
    addNode(layout, { ...node, inputs }, order);
  },
  parameterAxis: noParameterAxis,
  content: computed,
  forms({ operation, inputs }, { needed, isConstant }) {
    const form = EIGHT_BIT.has(operation) && !inputs.some(isConstant) ? needed : "f32";
    return { reads: form, writes: form };
  },
  linkChannels(node, linker) {
    const [a, b] = node.inputs;
    const { operation, output } = node;
    if (!allowsFactors(node.activation)) return false;
    const gate = operation === "multiply" ? node.inputs.find((input) => isGate(input, linker)) : undefined;
    if (gate !== undefined && a !== b) {
      const gated = gate === a ? b : a;
      if (linker.channels(gated) !== linker.channels(output)) return false;
      linker.follow(output, gated);
      return true;
    }
    if (operation === "multiply" || operation === "divide") return false;
    if (node.inputs.some((input) => linker.channels(input) !== linker.channels(output))) return false;
    for (const input of node.inputs) linker.follow(output, input);
    return true;
  },
  describe: ({ operation }) => ({ kind: operation, parameters: 0, multiplyAdds: 0 }),
};

/** A value of lower rank with leading dimensions of length 1, held in an order. */
function raise(layout: Relayout, input: string, order: number[]): string {
  const value = layout.source.get(input)!;
  const missing = order.length - value.shape.length;
  const ownOrder = order.filter((axis) => axis >= missing).map((axis) => axis - missing);
  const form = formOf(layout, input, ownOrder);
  if (order.every((axis, i) => axis === i)) return form.name;
  const full = [...new Array<number>(missing).fill(1), ...value.shape];
  const name = freshName(layout, `${input}/raised`);
  const shape = heldShape(full, order);
  const made = { ...layout.values.get(form.name)!, name, shape };
  layout.values.set(name, made);
  if (!value.data) {
    layout.nodes.push({ op: "reshape", name: input, inputs: [form.name], output: name });
  }
  return name;
}

function isGate(value: string, { producer }: ChannelLinker): boolean {
  const node = producer(value);
  return node !== undefined && "activation" in node && activationTraits(node.activation).gate;
}
