/**
 * Decoding of a client's image file.
 *
 * @module
 */

import type { Pixels } from "../resize_image.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { HttpError } from "./http_error.ts";

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
    if (error instanceof TypeError) throw new HttpError(415, error.message);
    if (error instanceof RangeError) throw new HttpError(413, error.message);
    if (error instanceof SyntaxError) throw new HttpError(400, error.message);
    throw error;
  }
}
