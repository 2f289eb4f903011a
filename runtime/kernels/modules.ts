/**
 * The builds of the kernels as compiled modules. A build for hosts that don't
 * compile WebAssembly at run time replaces this file alone.
 *
 * @module
 */

import { wasm as relaxed } from "../../kernels/pkg/relaxed.ts";
import { wasm as simd128 } from "../../kernels/pkg/simd128.ts";
import { decodeBase64 } from "../base64.ts";
import type { KernelBuild } from "./instance.ts";

const TEXTS: Readonly<Record<KernelBuild, string>> = { simd128, relaxed };

/**
 * Compiles a build anew.
 *
 * @throws {WebAssembly.CompileError} If the engine lacks the SIMD instructions of the build.
 */
export function kernelModule(build: KernelBuild): WebAssembly.Module {
  return new WebAssembly.Module(decodeBase64(TEXTS[build]));
}
