/**
 * Softmax over rows.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dimensions } from "./attributes.ts";
import { softmaxBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";

/** A softmax over the last dimension. */
export interface SoftmaxAttributes {
  /** [rows, columns]. */
  dimensions: readonly number[];
}

/** The kernel "softmax_f32". */
export const softmaxF32: KernelDefinition<SoftmaxAttributes> = {
  attributes: { dimensions: dimensions(2) },
  check(step, { tensors }) {
    checkCounts(step, 1, 0);
    const count = elementCount(step.attributes.dimensions);
    checkTensor(step, tensors[step.inputs[0]], "f32", count);
    checkTensor(step, tensors[step.output], "f32", count);
  },
  bind({ inputs: [input], output, attributes }, _tables, memory) {
    return {
      entry: "softmax_f32",
      block: softmaxBlock({ input: memory.tensor(input), output: memory.tensor(output), ...attributes }),
    };
  },
};
