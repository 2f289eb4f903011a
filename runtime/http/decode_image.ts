/**
 * Decoding of JPEG and PNG files to pixels.
 *
 * @module
 */

import type { Pixels } from "../resize_image.ts";
import { decodeJpeg } from "./image/decode_jpeg.ts";
import { decodePng } from "./image/decode_png.ts";
import { imageFormat } from "./image/image_format.ts";

/** Limits on images. */
export interface DecodeOptions {
  /** Most pixels that an image may have; 50 million if absent. Checked before anything is decoded. */
  maxPixels?: number;
}

/**
 * Decodes a JPEG or PNG file to red, green and blue.
 *
 * JPEG pixels are those of libjpeg's default decoder, so those of Pillow. Grey
 * is repeated, alpha is dropped, palettes are looked up, of 16 bits the upper 8
 * are kept, and of an animation the default image is taken. Rotation by EXIF
 * is not applied, as in Pillow and torchvision.
 *
 * @param bytes The file.
 * @param options Limits.
 * @returns An image of 3 channels.
 * @throws {TypeError} If it is neither format, or of a kind that is not decoded, such as CMYK.
 * @throws {RangeError} If it has too many pixels.
 * @throws {SyntaxError} If it is truncated or corrupt.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Pixels> {
  const { maxPixels = 50_000_000 } = options;
  if (!(maxPixels >= 1)) {
    throw new RangeError(
      `The limit on pixels must be positive, not ${maxPixels}`,
    );
  }
  switch (imageFormat(bytes)) {
    case "jpeg":
      return await decodeJpeg(bytes, maxPixels);
    case "png":
      return await decodePng(bytes, maxPixels);
    case undefined:
      throw new TypeError("The image is neither JPEG nor PNG");
  }
}
