/**
 * Image formats and the checks that they share.
 *
 * @module
 */

import { toHex } from "../runtime/hexadecimal.ts";
import { ImageError } from "./image_error.ts";

/** Formats that are decoded. */
export type ImageFormat = typeof IMAGE_FORMATS[number];

/** All formats that are decoded. */
export const IMAGE_FORMATS = ["jpeg", "png", "webp"] as const;

/** First bytes of a file of each format, in hexadecimal, dots for any digit. */
const SIGNATURES: Readonly<Record<ImageFormat, RegExp>> = {
  jpeg: /^ffd8ff/,
  png: /^89504e470d0a1a0a/,
  webp: /^52494646........57454250/,
};

/**
 * Tells the format of a file from its first bytes.
 *
 * @param bytes The file.
 * @returns The format, or nothing where it is none of them.
 */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = toHex(bytes.subarray(0, 12));
  return IMAGE_FORMATS.find((format) => SIGNATURES[format].test(start));
}

/**
 * Checks the size that an image claims, before anything is allocated for it.
 *
 * @param size Size in pixels.
 * @param maxPixels Most pixels that it may have.
 * @throws {ImageError} If it has more.
 */
export function checkPixels(
  size: { height: number; width: number },
  maxPixels: number,
): void {
  if (size.height * size.width > maxPixels) {
    throw new ImageError("too-large", `An image of ${size.height}x${size.width} has more than ${maxPixels} pixels`);
  }
}
