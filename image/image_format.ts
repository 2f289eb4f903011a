/**
 * What Octet knows of one format of images.
 *
 * @module
 */

import type { Pixels } from "../runtime/resize_image.ts";
import type { Codec } from "./codec.ts";
import { ImageError } from "./image_error.ts";
import type { Orientation } from "./orientation.ts";

/** A format: all that the rest of the project asks of one. */
export interface ImageFormat {
  /** Its name as people write it. */
  readonly label: string;
  /** Endings of its files' names in lower case, without the dot, the usual one first. */
  readonly extensions: readonly [string, ...string[]];
  /** Its media type. */
  readonly mediaType: `image/${string}`;
  /** First twelve bytes of a file in hexadecimal. */
  readonly signature: RegExp;
  /** The library that decodes it, where Octet does not do so itself. */
  readonly codec: Codec | null;
  /**
   * Reads the header of a file.
   *
   * @param bytes A file that begins with the signature.
   * @param maxPixels Most pixels that it may have; checked before memory is set aside for them.
   * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
   */
  open(bytes: Uint8Array, maxPixels: number): OpenedImage;
}

/** A file whose header was read. */
export interface OpenedImage {
  /** How its pixels are to be turned, by its EXIF data. */
  readonly orientation: Orientation;
  /**
   * Decodes its pixels as they are stored.
   *
   * @returns An image of 3 channels.
   * @throws {ImageError} If it is truncated or corrupt.
   */
  decode(): Promise<Pixels>;
}

/**
 * Checks the size that an image claims, before anything is allocated for it.
 *
 * @param size Size in pixels.
 * @param maxPixels Most pixels that it may have.
 * @throws {ImageError} If it has more.
 */
export function checkPixels(size: { height: number; width: number }, maxPixels: number): void {
  if (size.height * size.width > maxPixels) {
    throw new ImageError("too-large", `An image of ${size.height}x${size.width} has more than ${maxPixels} pixels`);
  }
}
