/**
 * Pooling kernels.
 *
 * @module
 */

import { elementCount } from "../bundle/format.ts";
import type { StepSpec, TensorType } from "../program.ts";
import {
  checkCounts,
  checkTensor,
  floatWord,
  integer,
  integers,
  type KernelDefinition,
  shape,
  stepError,
} from "./definition.ts";

const MAX_GEOMETRY = 65535;

/** The words from batch to padRight, in the order of the parameter block. */
function geometryWords(step: StepSpec): number[] {
  const input = shape(step, "input", 4);
  const output = shape(step, "output", 4);
  const kernel = integers(step, "kernel", 2, [1, 2 ** 24]);
  if (input[0] !== output[0] || input[3] !== output[3]) throw stepError(step, "batch and channels must not change");
  if (kernel[0] * kernel[1] > 2 ** 24) throw stepError(step, "kernel is over the limit");
  const range: [number, number] = [1, MAX_GEOMETRY];
  const stride = integers(step, "stride", 2, range, [1, 1]);
  const dilation = integers(step, "dilation", 2, range, [1, 1]);
  const pads = integers(step, "pads", 4, [0, MAX_GEOMETRY], [0, 0, 0, 0]);
  for (const [size, axis] of [[output[1], 0], [output[2], 1]]) {
    if ((size - 1) * stride[axis] + kernel[axis] * dilation[axis] > 2 ** 30) {
      throw stepError(step, "output positions are over the limit");
    }
  }
  return [input, output.slice(1, 3), kernel, stride, dilation, pads].flat();
}

/**
 * Attributes `input`, `output`, `kernel`, `stride`, `dilation`, `pads` [top,
 * left, bottom, right]; of averages also `countIncludePad`.
 */
function define(reduction: "max" | "average", type: TensorType): KernelDefinition {
  return {
    check(step, program) {
      checkCounts(step, 1, 0);
      geometryWords(step);
      integer(step, "countIncludePad", 0, 1, 0);
      checkTensor(step, program.tensors[step.inputs[0]], type, elementCount(shape(step, "input", 4)));
      checkTensor(step, program.tensors[step.output], type, elementCount(shape(step, "output", 4)));
    },
    bind(step, program, memory) {
      const input = program.tensors[step.inputs[0]];
      const output = program.tensors[step.output];
      return {
        entry: `${reduction}_pool_${type}`,
        block: [
          memory.tensor(step.inputs[0]),
          memory.tensor(step.output),
          geometryWords(step),
          integer(step, "countIncludePad", 0, 1, 0),
          input.zeroPoint ?? 0,
          output.zeroPoint ?? 0,
          floatWord((input.scale ?? 1) / (output.scale ?? 1)),
        ],
      };
    },
  };
}

/** Kernels that this file defines, by name. */
export const poolKernels: Readonly<Record<string, KernelDefinition>> = {
  max_pool_u8: define("max", "u8"),
  max_pool_f32: define("max", "f32"),
  average_pool_u8: define("average", "u8"),
  average_pool_f32: define("average", "f32"),
};
