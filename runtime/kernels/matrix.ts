/**
 * Kernels over matrices of activations: product and softmax.
 *
 * @module
 */

import { elementCount } from "../bundle/format.ts";
import { checkCounts, checkTensor, integers, type KernelDefinition, stepError } from "./definition.ts";

/**
 * Product of two f32 tensors. Attributes: `dimensions` [batch, m, k, n],
 * `batchStrides` [a, b] in elements, 0 where one matrix serves the whole batch.
 */
const matmul: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 2, 0);
    const [batch, m, k, n] = integers(step, "dimensions", 4, [1, 2 ** 24]);
    const strides = integers(step, "batchStrides", 2, [0, 2 ** 30]);
    for (const [operand, size] of [m * k, k * n].entries()) {
      if (strides[operand] !== 0 && strides[operand] !== size) {
        throw stepError(step, `batchStrides must be 0 or ${size}`);
      }
      checkTensor(step, program.tensors[step.inputs[operand]], "f32", strides[operand] === 0 ? size : batch * size);
    }
    checkTensor(step, program.tensors[step.output], "f32", batch * m * n);
  },
  bind(step, _program, memory) {
    const addresses = step.inputs.concat(step.output).map((index) => memory.tensor(index));
    const dimensions = integers(step, "dimensions", 4, [1, 2 ** 24]);
    return {
      entry: "matmul_f32",
      block: [addresses, dimensions, integers(step, "batchStrides", 2, [0, 2 ** 30])],
    };
  },
};

/** Softmax over the last of `dimensions` [rows, columns]. */
const softmax: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 1, 0);
    const count = elementCount(integers(step, "dimensions", 2, [1, 2 ** 30]));
    checkTensor(step, program.tensors[step.inputs[0]], "f32", count);
    checkTensor(step, program.tensors[step.output], "f32", count);
  },
  bind(step, _program, memory) {
    const addresses = [memory.tensor(step.inputs[0]), memory.tensor(step.output)];
    return { entry: "softmax_f32", block: [addresses, integers(step, "dimensions", 2, [1, 2 ** 30])] };
  },
};

/** Kernels that this file defines, by name. */
export const matrixKernels: Readonly<Record<string, KernelDefinition>> = { matmul_f32: matmul, softmax_f32: softmax };
