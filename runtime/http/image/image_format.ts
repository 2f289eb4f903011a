/**
 * Image formats and the checks that they share.
 *
 * @module
 */

/** First bytes of a PNG file. */
export const PNG_SIGNATURE: readonly number[] = [
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
];

/**
 * Tells the format of a file from its first bytes.
 *
 * @param bytes The file.
 * @returns The format, or nothing where it is neither.
 */
export function imageFormat(bytes: Uint8Array): "jpeg" | "png" | undefined {
  if (
    bytes.length >= 3 && bytes[0] === 0xff && bytes[1] === 0xd8 &&
    bytes[2] === 0xff
  ) return "jpeg";
  if (
    bytes.length >= 8 &&
    PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)
  ) return "png";
  return undefined;
}

/**
 * Checks the size that an image claims, before anything is allocated for it.
 *
 * @param size Size in pixels.
 * @param maxPixels Most pixels that it may have.
 * @throws {RangeError} If it has more.
 */
export function checkPixels(
  size: { height: number; width: number },
  maxPixels: number,
): void {
  if (size.height * size.width > maxPixels) {
    throw new RangeError(
      `An image of ${size.height}x${size.width} has more than ${maxPixels} pixels`,
    );
  }
}
