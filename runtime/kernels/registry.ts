/**
 * All kernels that a program's steps can name.
 *
 * @module
 */

import type { StepSpec } from "../program.ts";
import { conversionKernels } from "./conversion.ts";
import { convolutionKernels } from "./convolution.ts";
import { copyKernels } from "./copy.ts";
import { type KernelDefinition, stepError } from "./definition.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { matrixKernels } from "./matrix.ts";
import { poolKernels } from "./pool.ts";
import { resizeKernels } from "./resize.ts";

const kernels: ReadonlyMap<string, KernelDefinition> = new Map(Object.entries({
  ...convolutionKernels,
  ...conversionKernels,
  ...elementwiseKernels,
  ...poolKernels,
  ...matrixKernels,
  ...resizeKernels,
  ...copyKernels,
}));

/** The names of all kernels. */
export const kernelNames: readonly string[] = [...kernels.keys()];

/**
 * The definition of the kernel that a step names.
 *
 * @throws {BundleError} Where there is no such kernel.
 */
export function kernelDefinition(step: StepSpec): KernelDefinition {
  const definition = kernels.get(step.kernel);
  if (!definition) throw stepError(step, "no such kernel");
  return definition;
}
