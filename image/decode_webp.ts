/**
 * Decoding of WebP files by libwebp in WebAssembly.
 *
 * @module
 */

import type { Pixels } from "../runtime/resize_image.ts";
import { decodeByCodec } from "./codec.ts";
import { checkPixels } from "./image_format.ts";
import { readWebpHeader } from "./webp_header.ts";
import { ImageError } from "./image_error.ts";

/**
 * Decodes a WebP file, lossy or lossless.
 *
 * @param bytes A file that begins with the signature of WebP.
 * @param maxPixels Most pixels that it may have.
 * @returns An image of 3 channels.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export async function decodeWebp(bytes: Uint8Array, maxPixels: number): Promise<Pixels> {
  const { height, width, end } = readWebpHeader(bytes, (size) => checkPixels(size, maxPixels));
  const { image, lines } = await decodeByCodec("webp", bytes.subarray(0, end));
  if (image === undefined) {
    throw new ImageError("corrupt", ["The WebP file cannot be decoded", ...lines.slice(-1)].join(": "));
  }
  if (image.width !== width || image.height !== height) {
    throw new ImageError(
      "corrupt",
      "The WebP file cannot be decoded: it does not give the image that its header announces",
    );
  }
  return image;
}
