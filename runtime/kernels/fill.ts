/**
 * Tensors of one value.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { fillBlock } from "./blocks.ts";
import { checkCounts, type KernelDefinition } from "./definition.ts";
import { floatWord } from "./float_word.ts";
import { stepError } from "./step.ts";

/** One value for every element of a tensor. */
export interface FillAttributes {
  /** A byte of a u8 tensor, a float32 of an f32 tensor. */
  value: number;
}

/** The kernel "fill". */
export const fill: KernelDefinition<FillAttributes> = {
  attributes: { value: { type: "float" } },
  check(step, { tensors }) {
    checkCounts(step, 0, 0);
    const { value } = step.attributes;
    if (tensors[step.output].type === "u8" && !(Number.isInteger(value) && value >= 0 && value <= 255)) {
      throw stepError(step, "value must be an integer from 0 to 255");
    }
  },
  bind({ output, attributes: { value } }, { tensors }, memory) {
    const { type, shape } = tensors[output];
    return {
      entry: type === "u8" ? "fill_8" : "fill_32",
      block: fillBlock({
        output: memory.tensor(output),
        count: elementCount(shape),
        value: type === "u8" ? value : floatWord(value),
      }),
    };
  },
};
