/**
 * Pooling over windows.
 *
 * @module
 */

import { elementCount, type TensorType } from "../tensor.ts";
import { dimensions, FLAG } from "./attributes.ts";
import { poolBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/** A maximum or average over windows. */
export interface PoolAttributes {
  /** [batch, height, width, channels]. */
  input: readonly number[];
  /** [batch, height, width, channels]. */
  output: readonly number[];
  /** [height, width], at most 2^24 positions. */
  kernel: readonly number[];
  /** [height, width]. */
  stride: readonly number[];
  /** [height, width]. */
  dilation: readonly number[];
  /** [top, left, bottom, right]. */
  pads: readonly number[];
  /** Whether an average counts padded positions. */
  countIncludePad: 0 | 1;
}

const MAX_GEOMETRY = 65535;

function define(reduction: "max" | "average", type: TensorType): KernelDefinition<PoolAttributes> {
  return {
    attributes: {
      input: dimensions(4),
      output: dimensions(4),
      kernel: { type: "integers", length: 2, min: 1, max: 2 ** 24 },
      stride: { type: "integers", length: 2, min: 1, max: MAX_GEOMETRY, absent: [1, 1] },
      dilation: { type: "integers", length: 2, min: 1, max: MAX_GEOMETRY, absent: [1, 1] },
      pads: { type: "integers", length: 4, min: 0, max: MAX_GEOMETRY, absent: [0, 0, 0, 0] },
      countIncludePad: FLAG,
    },
    check(step, { tensors }) {
      checkCounts(step, 1, 0);
      const { input, output, kernel, stride, dilation } = step.attributes;
      if (input[0] !== output[0] || input[3] !== output[3]) throw stepError(step, "batch and channels must not change");
      if (kernel[0] * kernel[1] > 2 ** 24) throw stepError(step, "kernel is over the limit");
      for (let axis = 0; axis < 2; axis++) {
        if ((output[1 + axis] - 1) * stride[axis] + kernel[axis] * dilation[axis] > 2 ** 30) {
          throw stepError(step, "output positions are over the limit");
        }
      }
      checkTensor(step, tensors[step.inputs[0]], type, elementCount(input));
      checkTensor(step, tensors[step.output], type, elementCount(output));
    },
    bind({ inputs, output: target, attributes }, { tensors }, memory) {
      const { input, output, kernel, stride, dilation, pads, countIncludePad } = attributes;
      const [from, to] = [tensors[inputs[0]], tensors[target]];
      return {
        entry: `${reduction}_pool_${type}`,
        block: poolBlock({
          input: memory.tensor(inputs[0]),
          output: memory.tensor(target),
          inputShape: input,
          outputHeight: output[1],
          outputWidth: output[2],
          kernel,
          stride,
          dilation,
          pads,
          countIncludePad,
          inputZeroPoint: from.zeroPoint ?? 0,
          outputZeroPoint: to.zeroPoint ?? 0,
          scale: (from.scale ?? 1) / (to.scale ?? 1),
        }),
      };
    },
  };
}

/** The kernels "max_pool_u8", "max_pool_f32", "average_pool_u8" and "average_pool_f32". */
export const pool = {
  max: { u8: define("max", "u8"), f32: define("max", "f32") },
  average: { u8: define("average", "u8"), f32: define("average", "f32") },
} as const;
