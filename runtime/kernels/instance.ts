/**
 * Compiled kernels: which build this machine can run, and instances of it.
 *
 * @module
 */

import type { KernelBuild } from "./build.ts";
import { kernelModule, loadKernels } from "./modules.ts";

/** An instance of the kernels with a memory of its own. */
export interface KernelInstance {
  build: KernelBuild;
  /** Whether u8 tensors lie in memory as signed bytes. */
  signed: boolean;
  /** Its memory; everything from `heapBase` on belongs to the caller. */
  memory: WebAssembly.Memory;
  /** First free byte, a multiple of 16. */
  heapBase: number;
  /** Kernels by name; each takes the byte offset of its parameter block. */
  functions: Record<string, (block: number) => number>;
}

/** What `dot_probe` gives where nothing saturates, by how the dot product takes its second operand. */
const UNSIGNED_DOT = 0;
const SIGNED_DOT = 1;

const modules: Partial<Record<KernelBuild, WebAssembly.Module>> = {};
let chosen: KernelBuild | undefined;

function canRunRelaxed(): boolean {
  try {
    compileKernels("relaxed");
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
  const product = instantiateKernels("relaxed").functions.dot_probe(0);
  return product === UNSIGNED_DOT || product === SIGNED_DOT;
}

/** The build for this machine: "relaxed" where its dot product is exact; probed once. */
export function chooseBuild(): KernelBuild {
  return chosen ??= canRunRelaxed() ? "relaxed" : "simd128";
}

/**
 * Compiles a build, once per process.
 *
 * @throws {TypeError} If its code is not loaded.
 * @throws {WebAssembly.CompileError} If the engine lacks the SIMD instructions of the build.
 */
export function compileKernels(build: KernelBuild): WebAssembly.Module {
  return modules[build] ??= kernelModule(build);
}

/** Makes an instance of a build, by default the one that {@linkcode chooseBuild} names. */
export function instantiateKernels(
  build: KernelBuild = chooseBuild(),
): KernelInstance {
  return instantiateModule(build, compileKernels(build));
}

/** Makes an instance of a compiled build, set to the host's dot product. */
export function instantiateModule(build: KernelBuild, module: WebAssembly.Module): KernelInstance {
  const { exports } = new WebAssembly.Instance(module, {});
  const functions = exports as KernelInstance["functions"];
  const memory = exports.memory as WebAssembly.Memory;
  const heapBase = Math.ceil(functions.heap_base(0) / 16) * 16;
  const signed = functions.dot_probe(0) === SIGNED_DOT;
  if (signed) functions.set_signed(1);
  return { build, signed, memory, heapBase, functions };
}

// Networks are made synchronously: what this host runs must be there by then.
await loadKernels(chooseBuild());
