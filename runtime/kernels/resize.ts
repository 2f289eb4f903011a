/**
 * Resampling of images by tables of positions.
 *
 * @module
 */

import { elementCount, type TensorType } from "../tensor.ts";
import { dimensions, FLAG } from "./attributes.ts";
import { resizeBlock } from "./blocks.ts";
import { checkConstant, checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/**
 * A resampling. Constants: the table of rows and that of columns, i32, three
 * words for each output position: first index, second index, weight of the
 * second as the bits of a float32.
 */
export interface ResizeAttributes {
  /** [batch, height, width, channels]. */
  input: readonly number[];
  /** [batch, height, width, channels]. */
  output: readonly number[];
  /** 1 where both positions count, by the weight; else the first one alone does. */
  linear: 0 | 1;
}

function define(type: TensorType): KernelDefinition<ResizeAttributes> {
  return {
    attributes: {
      input: dimensions(4),
      output: dimensions(4),
      linear: FLAG,
    },
    check(step, tables) {
      checkCounts(step, 1, 2);
      const { input, output } = step.attributes;
      if (input[0] !== output[0] || input[3] !== output[3]) throw stepError(step, "batch and channels must not change");
      checkTensor(step, tables.tensors[step.inputs[0]], type, elementCount(input));
      checkTensor(step, tables.tensors[step.output], type, elementCount(output));
      for (const index of [0, 1]) checkConstant(step, tables, index, { type: "i32", length: output[1 + index] * 3 });
    },
    checkData(step, constants) {
      const { input } = step.attributes;
      for (const index of [0, 1]) {
        const table = constants.elements(index);
        for (let position = 0; position < table.length; position += 3) {
          for (const source of [table[position], table[position + 1]]) {
            if (source < 0 || source >= input[1 + index]) throw stepError(step, `table ${index} leaves the input`);
          }
        }
      }
    },
    bind({ inputs, output: target, constants, attributes }, _tables, memory) {
      const { input, output, linear } = attributes;
      return {
        entry: `resize_${type}`,
        block: resizeBlock({
          input: memory.tensor(inputs[0]),
          output: memory.tensor(target),
          inputShape: input,
          outputHeight: output[1],
          outputWidth: output[2],
          rowTable: memory.constant(constants[0]),
          columnTable: memory.constant(constants[1]),
          linear,
        }),
      };
    },
  };
}

/** The kernels "resize_u8" and "resize_f32". */
export const resize = { u8: define("u8"), f32: define("f32") } as const;
