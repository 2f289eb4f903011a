/**
 * Images that tests make for themselves.
 *
 * @module
 */

import { encode } from "npm:fast-png@8.0.0";
import type { Pixels } from "../../runtime/resize_image.ts";

/**
 * Makes an image of bytes from a linear congruential generator.
 *
 * @param size Height and width in pixels and number of channels.
 * @param seed Start of the generator, a 32-bit integer.
 * @returns The image.
 */
export function randomPixels(
  size: { height: number; width: number; channels: 1 | 3 | 4 },
  seed: number,
): Pixels & { data: Uint8Array } {
  const data = new Uint8Array(size.height * size.width * size.channels);
  let state = seed >>> 0;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[index] = state >>> 24;
  }
  return { data, ...size };
}

/**
 * Makes an image of smooth colour gradients, which compression keeps well.
 *
 * @param height Height in pixels.
 * @param width Width in pixels.
 * @returns An image of 3 channels.
 */
export function gradientPixels(
  height: number,
  width: number,
): Pixels & { data: Uint8Array } {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      data[at] = Math.floor(255 * x / width);
      data[at + 1] = Math.floor(255 * y / height);
      data[at + 2] = Math.floor(255 * (x + y) / (width + height));
    }
  }
  return { data, height, width, channels: 3 };
}

/**
 * Makes a PNG file.
 *
 * @param image Image whose `channels` is given.
 * @returns The file.
 */
export function encodePng(image: Pixels): Uint8Array {
  const { data, width, height, channels } = image;
  return encode({ data, width, height, channels: channels!, depth: 8 });
}

/**
 * Computes FNV-1a, the digest in which expected pixels are written down.
 *
 * @param bytes Any bytes.
 * @returns An unsigned 32-bit integer.
 */
export function digest(bytes: Uint8Array | Uint8ClampedArray): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
