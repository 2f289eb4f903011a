/**
 * Activation functions on their own.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { activateBlock } from "./blocks.ts";
import { checkConstant, checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { ACTIVATION, type ActivationAttributes, activationWords, needsSlopes } from "./epilogue.ts";

/** The kernel "activation_f32"; constant 0 of a "prelu" holds the slopes, one for each index of the output's last dimension. */
export const activationF32: KernelDefinition<ActivationAttributes> = {
  attributes: ACTIVATION,
  check(step, tables) {
    const slopes = needsSlopes(step.attributes);
    checkCounts(step, 1, slopes ? 1 : 0);
    const { shape } = tables.tensors[step.output];
    const count = elementCount(shape);
    checkTensor(step, tables.tensors[step.inputs[0]], "f32", count);
    checkTensor(step, tables.tensors[step.output], "f32", count);
    if (slopes) checkConstant(step, tables, 0, { type: "f32", length: shape[shape.length - 1] });
  },
  bind(step, { tensors }, memory) {
    const { shape } = tensors[step.output];
    const slopes = needsSlopes(step.attributes);
    return {
      entry: "activation_f32",
      block: activateBlock({
        input: memory.tensor(step.inputs[0]),
        output: memory.tensor(step.output),
        count: elementCount(shape),
        channels: slopes ? shape[shape.length - 1] : 1,
        activation: activationWords(step.attributes),
        slopes: slopes ? memory.constant(step.constants[0]) : 0,
      }),
    };
  },
};
