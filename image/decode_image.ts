/**
 * Decoding of JPEG, PNG and WebP files to pixels.
 *
 * @module
 */

import { InputRangeError } from "../runtime/errors.ts";
import type { Pixels } from "../runtime/resize_image.ts";
import { findFormat, FORMATS, listFormats } from "./formats.ts";
import { ImageError } from "./image_error.ts";
import type { ImageFormat } from "./image_format.ts";
import { turnUpright } from "./orientation.ts";

/** Limits on images. */
export interface DecodeOptions {
  /** Most pixels that an image may have; 25 million if absent. Checked before anything is decoded. */
  maxPixels?: number;
}

/** Most pixels that an image may have where no other limit is set. */
export const DEFAULT_MAX_PIXELS = 25_000_000;

/**
 * Decodes a JPEG, PNG or WebP file to red, green and blue.
 *
 * JPEG pixels are those of libjpeg's default decoder and WebP pixels those of
 * libwebp, so those of Pillow. Grey is repeated, alpha is dropped, palettes are
 * looked up, of 16 bits the upper 8 are kept, and of an animated PNG the
 * default image is taken. The image is turned upright by its EXIF orientation,
 * as browsers show it.
 *
 * @param bytes The file.
 * @param options Limits.
 * @returns An image of 3 channels.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Pixels> {
  const { maxPixels = DEFAULT_MAX_PIXELS } = options;
  if (!(maxPixels >= 1)) {
    throw new InputRangeError(
      `The limit on pixels must be positive, not ${maxPixels}`,
    );
  }
  const name = findFormat(bytes);
  if (name === undefined) throw new ImageError("unsupported", `The image is neither ${listFormats("nor")}`);
  const format: ImageFormat = FORMATS[name];
  const { orientation, decode } = format.open(bytes, maxPixels);
  return turnUpright(await decode(), orientation);
}
