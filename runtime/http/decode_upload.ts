/**
 * Decoding of a client's image file.
 *
 * @module
 */

import type { Pixels } from "../resize_image.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { ImageError, type ImageFault } from "../../image/image_error.ts";
import { HttpError } from "./http_error.ts";

const STATUS: Readonly<Record<ImageFault, number>> = { "unsupported": 415, "too-large": 413, "corrupt": 400 };

/**
 * Decodes an image file of a client.
 *
 * @param file A JPEG, PNG or WebP file.
 * @param maxPixels Most pixels that it may have.
 * @throws {HttpError} 415 if it is of another kind, 413 if it has too many pixels, 400 if it is truncated or corrupt.
 */
export async function decodeUpload(file: Uint8Array, maxPixels: number): Promise<Pixels> {
  try {
    return await decodeImage(file, { maxPixels });
  } catch (error) {
    throw error instanceof ImageError ? new HttpError(STATUS[error.fault], error.message) : error;
  }
}
