/**
 * Products of two matrices of activations.
 *
 * @module
 */

import { matmulBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { stepError } from "./step.ts";

/** A product of f32 tensors [batch, m, k] and [batch, k, n]. */
export interface MatmulAttributes {
  /** [batch, m, k, n]. */
  dimensions: readonly number[];
  /** Elements from one matrix of each operand to the next, 0 where one serves the whole batch. */
  batchStrides: readonly number[];
}

/** The kernel "matmul_f32". */
export const matmulF32: KernelDefinition<MatmulAttributes> = {
  attributes: {
    dimensions: { type: "integers", length: 4, min: 1, max: 2 ** 24 },
    batchStrides: { type: "integers", length: 2, min: 0, max: 2 ** 30 },
  },
  check(step, { tensors }) {
    checkCounts(step, 2, 0);
    const { dimensions: [batch, m, k, n], batchStrides } = step.attributes;
    for (const [operand, size] of [m * k, k * n].entries()) {
      const stride = batchStrides[operand];
      if (stride !== 0 && stride !== size) throw stepError(step, `batchStrides must be 0 or ${size}`);
      checkTensor(step, tensors[step.inputs[operand]], "f32", stride === 0 ? size : batch * size);
    }
    checkTensor(step, tensors[step.output], "f32", batch * m * n);
  },
  bind({ inputs: [a, b], output, attributes }, _tables, memory) {
    return {
      entry: "matmul_f32",
      block: matmulBlock({ a: memory.tensor(a), b: memory.tensor(b), output: memory.tensor(output), ...attributes }),
    };
  },
};
