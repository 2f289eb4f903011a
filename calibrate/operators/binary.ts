/**
 * Element-wise functions of two values.
 *
 * @module
 */

import type { BinaryU8Attributes, OperandAttributes } from "../../runtime/kernels/binary.ts";
import { activationTraits, allowsFactors, passesFactors } from "../graph/activations.ts";
import type { ChannelLinker } from "../graph/channel_links.ts";
import type { BinaryNode } from "../graph/graph.ts";
import { addNode, formOf, freshName, heldShape, orderOf, type Relayout } from "../graph/relayout.ts";
import { broadcastShapes, broadcastStrides, type Shape } from "../graph/shape.ts";
import type { LowerContext } from "../lower/context.ts";
import { expand, expansionWalk, walkLimits } from "../lower/copy.ts";
import { activationAttributes, IDENTITY } from "../lower/epilogue.ts";
import { clampOf } from "../lower/requantise.ts";
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
  limits(_, { inputs, output }) {
    if (walkOperands(output, inputs)) return undefined;
    return inputs.map((input) => walkLimits(expansionWalk(input, output))).find((reason) => reason !== undefined);
  },
  lower(context, node) {
    const { name, operation, activation } = node;
    const form = context.form(node);
    const shape = context.shape(node.output);
    const walk = walkOperands(shape, node.inputs.map((input) => context.shape(input)));
    const inputs = node.inputs.map((value) =>
      walk ? context.place(value, form) : expand(context, name, { value, form, shape })
    );
    const operands = walk ?? walkOperands(shape, [shape, shape])!;
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

/** Dimensions that the kernels walk. */
const RANK = 4;

/**
 * Strides of both operands over the output's dimensions, with neighbours merged
 * where both allow it; undefined where more remain than the kernels walk.
 */
function walkOperands(output: Shape, operands: readonly Shape[]): OperandAttributes | undefined {
  const strides = operands.map((shape) => broadcastStrides(shape, output));
  const dimensions: number[] = [];
  const merged: number[][] = [[], []];
  for (const [axis, length] of output.entries()) {
    const last = dimensions.length - 1;
    if (length === 1) continue;
    if (last >= 0 && merged.every((list, operand) => list[last] === strides[operand][axis] * length)) {
      dimensions[last] *= length;
      merged.forEach((list, operand) => list[last] = strides[operand][axis]);
    } else {
      dimensions.push(length);
      merged.forEach((list, operand) => list.push(strides[operand][axis]));
    }
  }
  if (dimensions.length > RANK) return undefined;
  while (dimensions.length < RANK) {
    dimensions.unshift(1);
    merged.forEach((list) => list.unshift(0));
  }
  return { dimensions, aStrides: merged[0], bStrides: merged[1] };
}
