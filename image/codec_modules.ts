/**
 * The decoders of image formats as compiled modules. A build for hosts that
 * don't compile WebAssembly at run time replaces this file alone.
 *
 * @module
 */

import { type CodecFile, readCodec } from "./codec_files.ts";

/** Compiles a decoder anew. */
export async function codecModule(codec: CodecFile): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readCodec(codec));
}
