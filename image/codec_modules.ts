/**
 * The decoders of image formats as compiled modules. A build for hosts that
 * don't compile WebAssembly at run time replaces this file alone.
 *
 * @module
 */

import { codecFiles, type CodecFormat } from "./codec_files.ts";

/** Compiles the decoder of a format anew. */
export async function codecModule(format: CodecFormat): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await codecFiles[format]());
}
