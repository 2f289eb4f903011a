/**
 * Element-wise functions of two values.
 *
 * @module
 */

import type { BinaryU8Attributes, OperandAttributes } from "../../runtime/kernels/binary.ts";
import { activationTraits, allowsFactors, passesFactors } from "../graph/activations.ts";
import type { ChannelLinker } from "../graph/channel_links.ts";
import type { BinaryNode } from "../graph/graph.ts";
import { placeBroadcast } from "../graph/relayout_broadcast.ts";
import { broadcastShapes } from "../graph/shape.ts";
import type { LowerContext } from "../lower/context.ts";
import { activationAttributes, IDENTITY } from "../lower/epilogue.ts";
import { operandLimits, placeOperands } from "../lower/operands.ts";
import { clampOf } from "../lower/requantise.ts";
import { checkNothing, computed, noParameterAxis, type Operator } from "./operator.ts";
import { broadcastPlace } from "./samples.ts";

/** The functions that have an 8-bit kernel. */
const EIGHT_BIT: ReadonlySet<BinaryNode["operation"]> = new Set(["add", "subtract", "multiply"]);

/** The functions f with f(k a, k b) = k f(a, b) for every k > 0. */
const HOMOGENEOUS: ReadonlySet<BinaryNode["operation"]> = new Set(["add", "subtract", "maximum", "minimum"]);

/** An element-wise function of two values. */
export const binary: Operator<BinaryNode> = {
  shape: (_, [a, b]) => broadcastShapes(a, b) ?? `cannot broadcast [${a}] with [${b}]`,
  samples: (_, places, { inputs, output }) => broadcastPlace(places, inputs, output.length),
  check: checkNothing,
  readsImages: false,
  relayout: placeBroadcast,
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
    if (!HOMOGENEOUS.has(operation)) return false;
    if (node.inputs.some((input) => linker.channels(input) !== linker.channels(output))) return false;
    for (const input of node.inputs) linker.follow(output, input);
    return true;
  },
  describe: ({ operation }) => ({ kind: operation, parameters: 0, multiplyAdds: 0 }),
  limits: (_, { inputs, output }) => operandLimits(inputs, output),
  lower(context, node) {
    const { name, operation, activation } = node;
    const form = context.form(node);
    const { inputs, dimensions, strides: [aStrides, bStrides] } = placeOperands(context, node, form);
    const operands = { dimensions, aStrides, bStrides };
    const step = { name, inputs, output: context.create(node.output, form), constants: [] };
    if (form === "f32") {
      const attributes = { operation, ...operands, ...activationAttributes(activation) };
      context.builder.step({ ...step, kernel: "binary_f32", attributes });
      return;
    }
    context.builder.step({
      ...step,
      kernel: "binary_u8",
      attributes: { ...operands, ...quantizedAttributes(context, node) },
    });
  },
};

function isGate(value: string, { producer }: ChannelLinker): boolean {
  const node = producer(value);
  return node !== undefined && "activation" in node && activationTraits(node.activation).gate;
}

/** Folds the output's scale into the operands' where the activation function allows it. */
function quantizedAttributes(
  context: LowerContext,
  node: BinaryNode,
): Omit<BinaryU8Attributes, keyof OperandAttributes> {
  const [a, b, output] = [...node.inputs, node.output].map((value) => context.plan!.values.get(value)!);
  const folds = passesFactors(node.activation);
  const inverse = 1 / output.scale;
  const factor = folds ? inverse : 1;
  const multiplies = node.operation === "multiply";
  const second = multiplies ? 0 : (node.operation === "subtract" ? -b.scale : b.scale) * factor;
  return {
    operation: multiplies ? "multiply" : "add",
    scales: [multiplies ? a.scale * b.scale * factor : a.scale * factor, second].map(Math.fround),
    ...activationAttributes(activationTraits(node.activation).bounds ? IDENTITY : node.activation),
    outputScale: folds ? 1 : Math.fround(inverse),
    clamp: clampOf(node.activation, output),
  };
}
