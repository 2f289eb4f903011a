/**
 * The conversion of float32 to 8 bits.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dimensions, FLAG } from "./attributes.ts";
import { quantizeBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";

/** A conversion of float32 to u8 by the output's scale and zero point. */
export interface QuantizeAttributes {
  /** [batch, pixels, channels]. */
  dimensions: readonly number[];
  /** 1 where the input has channels first. */
  transposed: 0 | 1;
}

/** The kernel "quantize". */
export const quantize: KernelDefinition<QuantizeAttributes> = {
  attributes: {
    dimensions: dimensions(3),
    transposed: FLAG,
  },
  check(step, { tensors }) {
    checkCounts(step, 1, 0);
    const count = elementCount(step.attributes.dimensions);
    checkTensor(step, tensors[step.inputs[0]], "f32", count);
    checkTensor(step, tensors[step.output], "u8", count);
  },
  bind(step, { tensors }, memory) {
    const { scale, zeroPoint } = tensors[step.output];
    const { dimensions, transposed } = step.attributes;
    return {
      entry: "quantize",
      block: quantizeBlock({
        input: memory.tensor(step.inputs[0]),
        output: memory.tensor(step.output),
        dimensions,
        transposed,
        inverseScale: 1 / scale!,
        zeroPoint: zeroPoint!,
      }),
    };
  },
};
