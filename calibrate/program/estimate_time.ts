/**
 * An estimate of a program's time that is the same on every host, for choices
 * that become part of a bundle. What a host really takes is measured by
 * `profile`.
 *
 * @module
 */

import type { Kernel } from "../../runtime/kernels/registry.ts";
import type { Program } from "../../runtime/program.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { multiplyAddsOf } from "./step_work.ts";

/** Nanoseconds that a kernel takes. */
interface Cost {
  /** For each multiply-add. */
  product: number;
  /** For each element of the result. */
  element: number;
}

/**
 * From `deno task profile` of three networks on one x64 core with a dot product
 * of bytes: there float costs most beside 8 bits, so that a choice which is cheap
 * by these is cheaper elsewhere.
 */
const COSTS: Partial<Readonly<Record<Kernel, Cost>>> = {
  convolution_u8: { product: 0.0125, element: 1.2 },
  convolution_sum_u8: { product: 0.0125, element: 1.4 },
  convolution_f32: { product: 0.055, element: 1.2 },
  depthwise_u8: { product: 0.03, element: 0.8 },
  depthwise_f32: { product: 0.055, element: 0.8 },
  matmul_f32: { product: 0.06, element: 0.5 },
};
/** Of kernels that do little more than read and write. */
const MOVEMENT: Cost = { product: 0, element: 0.25 };

/** Estimated nanoseconds of a run with one sample. */
export function estimateTime({ steps, tensors }: Program): number {
  return steps.reduce((sum, step) => {
    if (step.kernel === "constant") return sum;
    const { product, element } = COSTS[step.kernel] ?? MOVEMENT;
    return sum + product * multiplyAddsOf(step) + element * elementCount(tensors[step.output].shape);
  }, 0);
}
