/**
 * How pictures are to be turned, as EXIF data say it.
 *
 * @module
 */

import type { Pixels } from "../runtime/resize_image.ts";

/**
 * Value of EXIF's tag Orientation: 1 as stored, 2 mirrored left to right, 3 half
 * a turn, 4 mirrored top to bottom, 5 mirrored along the falling diagonal, 6 a
 * quarter turn clockwise, 7 mirrored along the rising diagonal, 8 a quarter turn
 * anticlockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;
/** What begins EXIF data in JPEG files, and by mistake in some others. */
const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0];

/**
 * Reads the orientation from EXIF data.
 *
 * @param exif A TIFF structure, with or without EXIF's own prefix of six bytes before it.
 * @returns The orientation; 1 where there is none or the data are malformed, as viewers take it.
 */
export function readOrientation(exif: Uint8Array): Orientation {
  const tiff = PREFIX.every((byte, at) => exif[at] === byte) ? exif.subarray(PREFIX.length) : exif;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if (!(little || order === 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const end = Math.min(tiff.length, directory + 2 + view.getUint16(directory, little) * ENTRY_BYTES);
  for (let entry = directory + 2; entry + ENTRY_BYTES <= end; entry += ENTRY_BYTES) {
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, little);
    return view.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8 ? value as Orientation : 1;
  }
  return 1;
}

/**
 * Turns an image the way up that its orientation says.
 *
 * @param image An image as it is stored, of 3 channels.
 * @param orientation Its orientation.
 * @returns The image itself where it stands upright, else a new one.
 */
export function turnUpright(image: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return image;
  const { data, width, height } = image;
  const [right, below] = [3, 3 * width];
  const [last, lowest] = [(width - 1) * right, (height - 1) * below];
  // Where the upright image's first pixel is stored, and the way to the next one in its row and in its column.
  const [first, x, y] = {
    2: [last, -right, below],
    3: [last + lowest, -right, -below],
    4: [lowest, right, -below],
    5: [0, below, right],
    6: [lowest, -below, right],
    7: [last + lowest, -below, -right],
    8: [last, below, -right],
  }[orientation];
  const upright = orientation < 5 ? { width, height } : { width: height, height: width };
  const turned = new Uint8Array(data.length);
  let to = 0;
  for (let row = 0; row < upright.height; row++) {
    let from = first + row * y;
    for (let column = 0; column < upright.width; column++, from += x) {
      turned[to++] = data[from];
      turned[to++] = data[from + 1];
      turned[to++] = data[from + 2];
    }
  }
  return { data: turned, ...upright, channels: 3 };
}
