/**
 * The builds of the kernels.
 *
 * @module
 */

/** A build of the kernels; both give the same bytes. */
export type KernelBuild = "simd128" | "relaxed";
