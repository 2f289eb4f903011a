/**
 * Decoding of JPEG, PNG and WebP files to pixels.
 *
 * @module
 */

import { InputRangeError } from "../runtime/errors.ts";
import type { Pixels } from "../runtime/resize_image.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { decodePng } from "./decode_png.ts";
import { decodeWebp } from "./decode_webp.ts";
import { imageFormat } from "./image_format.ts";
import { ImageError } from "./image_error.ts";

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
 * default image is taken. Rotation by EXIF is not applied, as in Pillow and
 * torchvision.
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
  switch (imageFormat(bytes)) {
    case "jpeg":
      return await decodeJpeg(bytes, maxPixels);
    case "png":
      return await decodePng(bytes, maxPixels);
    case "webp":
      return await decodeWebp(bytes, maxPixels);
    case undefined:
      throw new ImageError("unsupported", "The image is neither JPEG, PNG nor WebP");
  }
}
