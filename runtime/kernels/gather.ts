/**
 * Rows by their indices.
 *
 * @module
 */

import { dimensions, FLAG } from "./attributes.ts";
import { gatherBlock } from "./blocks.ts";
import { checkConstant, checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/**
 * A choice of rows. Inputs are rows and indices; where the rows are constant
 * 0, indices alone. Indices are whole numbers, negative ones count from the end.
 */
export interface GatherAttributes {
  /** [outer, length, count, inner] of rows [outer, length, inner] and results [outer, count, inner]. */
  dimensions: readonly number[];
  /** 1 where indices are [outer, count], 0 where they are [count]. */
  batched: number;
}

/** The kernel "gather_f32", which refuses an index of no row when it runs. */
export const gatherF32: KernelDefinition<GatherAttributes> = {
  attributes: { dimensions: dimensions(4), batched: FLAG },
  check(step, tables) {
    const { dimensions: [outer, length, count, inner], batched } = step.attributes;
    const isConstant = step.constants.length > 0;
    checkCounts(step, isConstant ? 1 : 2, isConstant ? 1 : 0);
    const tensors = step.inputs.map((input) => tables.tensors[input]);
    if (isConstant) checkConstant(step, tables, 0, { type: "f32", length: outer * length * inner });
    else checkTensor(step, tensors[0], "f32", outer * length * inner);
    checkTensor(step, tensors[tensors.length - 1], "f32", batched === 1 ? outer * count : count);
    checkTensor(step, tables.tensors[step.output], "f32", outer * count * inner);
    if (step.inputs.includes(step.output)) throw stepError(step, "inputs and output must differ");
  },
  bind({ inputs, constants, output, attributes }, _tables, memory) {
    return {
      entry: "gather_f32",
      block: gatherBlock({
        input: constants.length > 0 ? memory.constant(constants[0]) : memory.tensor(inputs[0]),
        indices: memory.tensor(inputs[inputs.length - 1]),
        output: memory.tensor(output),
        ...attributes,
      }),
    };
  },
};
