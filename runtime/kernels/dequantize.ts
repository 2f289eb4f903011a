/**
 * The conversion of 8 bits to float32.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dequantizeBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";

/** A conversion of u8 to float32 by the input's scale and zero point. */
export type DequantizeAttributes = Record<string, never>;

/** The kernel "dequantize". */
export const dequantize: KernelDefinition<DequantizeAttributes> = {
  attributes: {},
  check(step, { tensors }) {
    checkCounts(step, 1, 0);
    const input = tensors[step.inputs[0]];
    const count = elementCount(input.shape);
    checkTensor(step, input, "u8", count);
    checkTensor(step, tensors[step.output], "f32", count);
  },
  bind(step, { tensors }, memory) {
    const { shape, scale, zeroPoint } = tensors[step.inputs[0]];
    return {
      entry: "dequantize",
      block: dequantizeBlock({
        input: memory.tensor(step.inputs[0]),
        output: memory.tensor(step.output),
        count: elementCount(shape),
        scale: scale!,
        zeroPoint: zeroPoint!,
      }),
    };
  },
};
