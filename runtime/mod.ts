/**
 * The runtime: loads bundles and runs them.
 *
 * @module
 */

export type { Bundle } from "./bundle/read.ts";
export { readBundle } from "./bundle/read.ts";
export * from "./errors.ts";
export type { ExecutorOptions } from "./executor.ts";
export type { KernelBuild } from "./kernels/instance.ts";
export { loadKernels } from "./kernels/modules.ts";
export * from "./model.ts";
export type { Preprocessing } from "./preprocessing.ts";
export type * from "./program.ts";
export type { Pixels } from "./resize_image.ts";
export type { BundleSource } from "./source.ts";
