/**
 * Resampling kernels.
 *
 * @module
 */

import { elementCount } from "../bundle/format.ts";
import type { TensorType } from "../program.ts";
import { checkCounts, checkTensor, integer, type KernelDefinition, shape, stepError } from "./definition.ts";

/**
 * Attributes `input`, `output`, `linear` 0 or 1. Constants: the table of rows
 * and that of columns, i32, three words for each output position: first index,
 * second index, weight of the second as the bits of a float32.
 */
function define(type: TensorType): KernelDefinition {
  return {
    check(step, program) {
      checkCounts(step, 1, 2);
      integer(step, "linear", 0, 1, 0);
      const [input, output] = [shape(step, "input", 4), shape(step, "output", 4)];
      if (input[0] !== output[0] || input[3] !== output[3]) throw stepError(step, "batch and channels must not change");
      checkTensor(step, program.tensors[step.inputs[0]], type, elementCount(input));
      checkTensor(step, program.tensors[step.output], type, elementCount(output));
      for (const index of [0, 1]) {
        const constant = program.constants[step.constants[index]];
        if (constant.type !== "i32" || constant.length !== output[1 + index] * 3) {
          throw stepError(step, `constant ${index} must be ${output[1 + index] * 3} x i32`);
        }
      }
    },
    checkData(step, constants) {
      const input = shape(step, "input", 4);
      for (const index of [0, 1]) {
        const table = constants[index] as Int32Array;
        for (let position = 0; position < table.length; position += 3) {
          for (const source of [table[position], table[position + 1]]) {
            if (source < 0 || source >= input[1 + index]) throw stepError(step, `table ${index} leaves the input`);
          }
        }
      }
    },
    bind(step, _program, memory) {
      return {
        entry: `resize_${type}`,
        block: [
          memory.tensor(step.inputs[0]),
          memory.tensor(step.output),
          shape(step, "input", 4),
          shape(step, "output", 4).slice(1, 3),
          step.constants.map((index) => memory.constant(index)),
          integer(step, "linear", 0, 1, 0),
        ],
      };
    },
  };
}

/** Kernels that this file defines, by name. */
export const resizeKernels: Readonly<Record<string, KernelDefinition>> = {
  resize_u8: define("u8"),
  resize_f32: define("f32"),
};
