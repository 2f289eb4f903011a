/**
 * Hosts of the kernels, so that every one of them can be tested on any.
 *
 * @module
 */

import {
  chooseBuild,
  instantiateKernels,
  instantiateModule,
  type KernelInstance,
} from "../../runtime/kernels/instance.ts";
import { loadKernels } from "../../runtime/kernels/modules.ts";
import { emulatedKernels } from "./emulated_dot.ts";

await loadKernels("simd128");
await loadKernels("relaxed");

/** By what they are called: the builds that run here, and the relaxed build with either dot product. */
export const KERNEL_HOSTS: Readonly<Record<string, () => KernelInstance>> = {
  simd128: () => instantiateKernels("simd128"),
  ...(chooseBuild() === "relaxed" && { relaxed: () => instantiateKernels("relaxed") }),
  "an unsigned dot product": () => instantiateModule("relaxed", emulatedKernels("unsigned")),
  "a signed dot product": () => instantiateModule("relaxed", emulatedKernels("signed")),
};
