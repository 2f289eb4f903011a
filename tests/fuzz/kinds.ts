/**
 * All that is fuzzed, by the word that asks for it.
 *
 * @module
 */

import type { FuzzKind } from "./fuzz_kind.ts";

/** Loads a kind of file; only the process that tries files needs its decoders. */
export const FUZZ_KINDS = {
  bundle: async (): Promise<FuzzKind> => (await import("./fuzz_bundle.ts")).FUZZ_BUNDLE,
  onnx: async (): Promise<FuzzKind> => (await import("./fuzz_onnx.ts")).FUZZ_ONNX,
  image: async (): Promise<FuzzKind> => (await import("./fuzz_image.ts")).FUZZ_IMAGE,
} as const;

/** One of {@linkcode FUZZ_KINDS}. */
export type FuzzWord = keyof typeof FUZZ_KINDS;
