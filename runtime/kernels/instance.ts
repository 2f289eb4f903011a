/**
 * Compiled kernels: which build this machine can run, and instances of it.
 *
 * @module
 */

import { wasm as relaxedText } from "../../kernels/pkg/relaxed.ts";
import { wasm as simd128Text } from "../../kernels/pkg/simd128.ts";

/** A build of the kernels; both give the same bytes. */
export type KernelBuild = "simd128" | "relaxed";

/** An instance of the kernels with a memory of its own. */
export interface KernelInstance {
  build: KernelBuild;
  /** Its memory; everything from `heapBase` on belongs to the caller. */
  memory: WebAssembly.Memory;
  /** First free byte, a multiple of 16. */
  heapBase: number;
  /** Kernels by name; each takes the byte offset of its parameter block. */
  functions: Record<string, (block: number) => number>;
}

const TEXTS: Readonly<Record<KernelBuild, string>> = {
  simd128: simd128Text,
  relaxed: relaxedText,
};

/** What `dot_probe` gives where the second operand of the dot product is unsigned and nothing saturates. */
const UNSIGNED_DOT = 0;

const modules: Partial<Record<KernelBuild, WebAssembly.Module>> = {};
let chosen: KernelBuild | undefined;

function decode(text: string): Uint8Array<ArrayBuffer> {
  const decoder = Uint8Array as {
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
  };
  if (decoder.fromBase64) return decoder.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function canRunRelaxed(): boolean {
  const bytes = decode(TEXTS.relaxed);
  if (!WebAssembly.validate(bytes)) return false;
  modules.relaxed ??= new WebAssembly.Module(bytes);
  return instantiateKernels("relaxed").functions.dot_probe(0) === UNSIGNED_DOT;
}

/** The build for this machine: "relaxed" where its dot product is exact on unsigned activations; probed once. */
export function chooseBuild(): KernelBuild {
  return chosen ??= canRunRelaxed() ? "relaxed" : "simd128";
}

/**
 * Compiles a build, once per process.
 *
 * @throws {WebAssembly.CompileError} If the engine lacks the SIMD instructions of the build.
 */
export function compileKernels(build: KernelBuild): WebAssembly.Module {
  return modules[build] ??= new WebAssembly.Module(decode(TEXTS[build]));
}

/** Makes an instance of a build, by default the one that {@linkcode chooseBuild} names. */
export function instantiateKernels(
  build: KernelBuild = chooseBuild(),
): KernelInstance {
  const exports = new WebAssembly.Instance(compileKernels(build), {}).exports;
  const functions: Record<string, (block: number) => number> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === "function") {
      functions[name] = value as (block: number) => number;
    }
  }
  const { memory } = exports as { memory: WebAssembly.Memory };
  const heapBase = Math.ceil(functions.heap_base(0) / 16) * 16;
  return { build, memory, heapBase, functions };
}
