/**
 * Decompression in pieces, so that little data cannot become much at once.
 *
 * @module
 */

import { FormatError } from "./errors.ts";

/** Compressed bytes given to the decompressor at once; it may answer with a thousand times as many. */
const PIECE_BYTES = 8192;

/**
 * Decompresses what comes in parts. Only as much is decompressed as is asked for.
 *
 * @param parts The compressed data.
 * @param format "deflate" is the format of zlib, as in HTTP and PNG.
 * @param fault Message of the error where the data are corrupt or incomplete.
 * @throws {SyntaxError} Where they are.
 */
export async function* decompress(
  parts: readonly Uint8Array[],
  format: "gzip" | "deflate",
  fault: string,
): AsyncGenerator<Uint8Array, void, void> {
  const pieces = cut(parts);
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { done, value } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader();
  try {
    while (true) {
      const { done, value } = await reader.read().catch((cause) => {
        throw new FormatError(fault, { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function* cut(parts: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>, void, void> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.slice(at, at + PIECE_BYTES);
  }
}
