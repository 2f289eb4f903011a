/**
 * Functions of single bytes, by a table of 256 entries.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { lookupBlock } from "./blocks.ts";
import { checkConstant, checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";

/** A function of u8 to u8; constant 0 holds its 256 values. */
export type LookupAttributes = Record<string, never>;

/** The kernel "lookup". */
export const lookup: KernelDefinition<LookupAttributes> = {
  attributes: {},
  check(step, tables) {
    checkCounts(step, 1, 1);
    const input = tables.tensors[step.inputs[0]];
    const count = elementCount(input.shape);
    checkTensor(step, input, "u8", count);
    checkTensor(step, tables.tensors[step.output], "u8", count);
    checkConstant(step, tables, 0, { type: "u8", length: 256 });
  },
  bind(step, { tensors }, memory) {
    return {
      entry: "lookup",
      block: lookupBlock({
        input: memory.tensor(step.inputs[0]),
        output: memory.tensor(step.output),
        table: memory.constant(step.constants[0]),
        count: elementCount(tensors[step.inputs[0]].shape),
      }),
    };
  },
};
