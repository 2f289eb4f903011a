/**
 * What the steps of all kernels have in common.
 *
 * @module
 */

import { BundleError } from "../errors.ts";

/** A call of a kernel; each kernel's geometry and arithmetic are in its attributes. */
export interface StepOf<Kernel extends string, Attributes> {
  /** The kernel that computes it. */
  kernel: Kernel;
  /** Name of the node in the source network. */
  name: string;
  /** Tensors read. */
  inputs: number[];
  /** Tensor written, whole or in part. */
  output: number;
  /** Constants read, in the order that the kernel states. */
  constants: number[];
  /** Geometry and arithmetic of the call, all that the kernel has. */
  attributes: Attributes;
}

/** What errors say of a step. */
export interface StepLabel {
  kernel: string;
  name: string;
}

/** An error about a step. */
export function stepError(step: StepLabel, message: string): BundleError {
  return new BundleError(`Step "${step.name}" (${step.kernel}): ${message}`);
}
