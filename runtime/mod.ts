/**
 * The runtime: loads bundles and runs them.
 *
 * @module
 */

export { type Bundle, readBundle } from "./bundle/read.ts";
export { BundleError, FormatError, InputError, InputRangeError, isInputError } from "./errors.ts";
export type { ExecutorOptions } from "./executor.ts";
export type { KernelBuild } from "./kernels/build.ts";
export { loadKernels } from "./kernels/modules.ts";
export { Model, type ModelPort, type Prediction, type Tensor } from "./model.ts";
export type { Preprocessing } from "./preprocessing.ts";
export type { FreeSize, OutputKind } from "./program.ts";
export type { Pixels } from "./resize_image.ts";
export type { BundleSource } from "./source.ts";
