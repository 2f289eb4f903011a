/**
 * Tensors whose elements a bundle holds.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { constantBlock } from "./blocks.ts";
import { checkConstant, checkCounts, type KernelDefinition } from "./definition.ts";

/** A copy of constant 0, of the tensor's type and length. */
export type ConstantAttributes = Record<string, never>;

/** The kernel "constant". */
export const constant: KernelDefinition<ConstantAttributes> = {
  attributes: {},
  check(step, tables) {
    checkCounts(step, 0, 1);
    const { type, shape } = tables.tensors[step.output];
    checkConstant(step, tables, 0, { type, length: elementCount(shape) });
  },
  bind({ constants, output }, { tensors }, memory) {
    const { type, shape } = tensors[output];
    return {
      entry: type === "u8" ? "constant_8" : "constant_32",
      block: constantBlock({
        input: memory.constant(constants[0]),
        output: memory.tensor(output),
        count: elementCount(shape),
      }),
    };
  },
};
