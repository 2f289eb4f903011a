/**
 * The builds of the kernels as compiled modules. A build for hosts that don't
 * compile WebAssembly at run time replaces this file alone.
 *
 * @module
 */

import { wasm as relaxed } from "../../kernels/pkg/relaxed.ts";
import { decodeBase64 } from "../base64.ts";
import { InputError } from "../errors.ts";
import type { KernelBuild } from "./build.ts";

/** The code of each build. Most hosts never need the second one. */
const texts: Partial<Record<KernelBuild, string>> = { relaxed };

/**
 * Loads the code of a build. Needed before a network is made with a build that
 * this host would not choose; `Model.load` does it.
 */
export async function loadKernels(build: KernelBuild): Promise<void> {
  if (build === "simd128") texts.simd128 ??= (await import("../../kernels/pkg/simd128.ts")).wasm;
}

/**
 * Compiles a build anew.
 *
 * @throws {TypeError} If its code is not loaded.
 * @throws {WebAssembly.CompileError} If the engine lacks the SIMD instructions of the build.
 */
export function kernelModule(build: KernelBuild): WebAssembly.Module {
  const text = texts[build];
  if (text === undefined) {
    throw new InputError(`The ${build} kernels are not loaded: await loadKernels("${build}") first`);
  }
  return new WebAssembly.Module(decodeBase64(text));
}
