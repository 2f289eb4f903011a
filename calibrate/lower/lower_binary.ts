/**
 * Lowering of element-wise functions of two values.
 *
 * @module
 */

import type { BinaryU8Attributes, OperandAttributes } from "../../runtime/kernels/binary.ts";
import type { BinaryNode } from "../graph/graph.ts";
import { activationTraits, passesFactors } from "../operators/activations.ts";
import { clampOf } from "./requantise.ts";
import type { LowerContext } from "./context.ts";
import { activationAttributes, IDENTITY } from "./lower_layer.ts";

/** Lowers an element-wise function of two values. */
export function lowerBinary(context: LowerContext, node: BinaryNode): void {
  const form = context.forms.computed.get(node.output)!;
  const inputs = node.inputs.map((input) => context.place(input, form));
  const operands = broadcast(context.shape(node.output), node.inputs.map((input) => context.shape(input)), node.name);
  const output = context.create(node.output, form);
  if (form === "f32") {
    const attributes = { operation: node.operation, ...operands, ...activationAttributes(node.activation) };
    context.builder.step({ kernel: "binary_f32", name: node.name, inputs, output, constants: [], attributes });
    return;
  }
  const attributes = { ...operands, ...quantizedAttributes(context, node) };
  context.builder.step({ kernel: "binary_u8", name: node.name, inputs, output, constants: [], attributes });
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

/** Strides of both operands over the output's dimensions, four of them, with neighbours merged where both allow it. */
function broadcast(output: readonly number[], operands: readonly number[][], name: string): OperandAttributes {
  const strides = operands.map((shape) => {
    const result = new Array<number>(output.length).fill(0);
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] > 1) result[axis + output.length - shape.length] = stride;
      stride *= shape[axis];
    }
    return result;
  });
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
  if (dimensions.length > 4) throw new TypeError(`Node "${name}" broadcasts over more than four dimensions`);
  while (dimensions.length < 4) {
    dimensions.unshift(1);
    merged.forEach((list) => list.unshift(0));
  }
  return { dimensions, aStrides: merged[0], bStrides: merged[1] };
}
