/**
 * Decoding of JPEG files by libjpeg's algorithms in WebAssembly.
 *
 * @module
 */

import type { Pixels } from "../runtime/resize_image.ts";
import { decodeByCodec } from "./codec.ts";
import { checkPixels } from "./image_format.ts";
import { readJpegHeader } from "./jpeg_header.ts";
import { ImageError } from "./image_error.ts";

/** Scans that a file may have, and pixels over all scans in multiples of the limit on pixels. */
const MOST_SCANS = 64;
const MOST_PASSES = 16;

/**
 * Decodes a JPEG file.
 *
 * @param bytes A file that begins with a JPEG start marker.
 * @param maxPixels Most pixels that it may have.
 * @returns An image of 3 channels.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  maxPixels: number,
): Promise<Pixels> {
  const header = readJpegHeader(bytes);
  checkPixels(header, maxPixels);
  const { height, width, scans } = header;
  if (scans > MOST_SCANS || height * width * scans > maxPixels * MOST_PASSES) {
    throw new ImageError("too-large", `A JPEG file of ${height}x${width} with ${scans} scans takes too long to decode`);
  }
  const { image, lines } = await decodeByCodec("jpeg", bytes);
  const fault = lines.find((line) => !line.includes("extraneous bytes before marker"));
  if (fault !== undefined) {
    throw new ImageError("corrupt", `The JPEG file cannot be decoded: ${fault}`);
  }
  if (image === undefined || image.width !== width || image.height !== height) {
    throw new ImageError(
      "corrupt",
      "The JPEG file cannot be decoded: it does not give the image that its frame announces",
    );
  }
  return image;
}
