/**
 * Image files with EXIF data, and what viewers show of them.
 *
 * @module
 */

import { crc32 } from "../../image/crc32.ts";
import { joinBytes } from "../../runtime/http/protocol/join_bytes.ts";
import type { Pixels } from "../../runtime/resize_image.ts";

/** Where the first row and the first column of a stored image are to be shown, by orientation: the table of EXIF 2.32. */
const SIDES: Record<number, [row: string, column: string]> = {
  1: ["top", "left"],
  2: ["top", "right"],
  3: ["bottom", "right"],
  4: ["bottom", "left"],
  5: ["left", "top"],
  6: ["right", "top"],
  7: ["right", "bottom"],
  8: ["left", "bottom"],
};

/** All orientations. */
export const ORIENTATIONS: readonly number[] = Object.keys(SIDES).map(Number);

/** A stored image as viewers show it, pixel by pixel. */
export function shown({ data, width, height }: Pixels, orientation: number): Pixels {
  const [row, column] = SIDES[orientation];
  const upright = row === "top" || row === "bottom" ? { width, height } : { width: height, height: width };
  const result = new Uint8Array(data.length);
  /** Distance from the top or the left of what stands at a distance from a side. */
  const from = (side: string, distance: number) =>
    side === "bottom" ? upright.height - 1 - distance : side === "right" ? upright.width - 1 - distance : distance;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [rowAt, columnAt] = [from(row, y), from(column, x)];
      const [shownY, shownX] = row === "top" || row === "bottom" ? [rowAt, columnAt] : [columnAt, rowAt];
      const to = (shownY * upright.width + shownX) * 3;
      for (let channel = 0; channel < 3; channel++) result[to + channel] = data[(y * width + x) * 3 + channel];
    }
  }
  return { data: result, ...upright, channels: 3 };
}

/** EXIF data of two entries, the orientation the second, in either order of bytes. */
export function exifData(orientation: number, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 + 2 + 24 + 4));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  for (const [index, [tag, value]] of [[0x0100, 7], [0x0112, orientation]].entries()) {
    const at = 10 + index * 12;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, 3, little);
    view.setUint32(at + 4, 1, little);
    view.setUint16(at + 8, value, little);
  }
  return new Uint8Array(view.buffer);
}

const ascii = (text: string) => new TextEncoder().encode(text);

function bytes(length: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  write(view);
  return new Uint8Array(view.buffer);
}

/** Puts EXIF data into a file that has none. */
export const WITH_EXIF: Record<"jpeg" | "png" | "webp", (file: Uint8Array, exif: Uint8Array) => Uint8Array> = {
  /** An XMP segment, which shares the marker, comes first. */
  jpeg(file, exif) {
    const segment = (content: Uint8Array[]) => {
      const length = 2 + content.reduce((sum, part) => sum + part.length, 0);
      return [bytes(4, (view) => (view.setUint16(0, 0xffe1), view.setUint16(2, length))), ...content];
    };
    const xmp = segment([ascii("http://ns.adobe.com/xap/1.0/\0<x/>")]);
    return joinBytes([file.subarray(0, 2), ...xmp, ...segment([ascii("Exif\0\0"), exif]), file.subarray(2)]);
  },
  png(file, exif) {
    const content = joinBytes([ascii("eXIf"), exif]);
    const chunk = [bytes(4, (view) => view.setUint32(0, exif.length)), content];
    const end = bytes(4, (view) => view.setUint32(0, crc32(content)));
    return joinBytes([file.subarray(0, 33), ...chunk, end, file.subarray(33)]);
  },
  webp(file, exif) {
    const size = webpSize(file);
    const header = bytes(18, (view) => {
      ascii("VP8X").forEach((byte, at) => view.setUint8(at, byte));
      view.setUint32(4, 10, true);
      view.setUint8(8, 0x08);
      view.setUint8(12, (size.width - 1) & 255);
      view.setUint8(13, (size.width - 1) >> 8);
      view.setUint8(14, 0);
      view.setUint8(15, (size.height - 1) & 255);
      view.setUint8(16, (size.height - 1) >> 8);
      view.setUint8(17, 0);
    });
    const chunk = [ascii("EXIF"), bytes(4, (view) => view.setUint32(0, exif.length, true)), exif];
    const rest = joinBytes([header, file.subarray(12), ...chunk]);
    return joinBytes([
      ascii("RIFF"),
      bytes(4, (view) => view.setUint32(0, rest.length + 4, true)),
      ascii("WEBP"),
      rest,
    ]);
  },
};

/** Size of a file of one lossy or lossless chunk. */
function webpSize(file: Uint8Array): { width: number; height: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file[15] === 0x20) return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + (bits >>> 14 & 0x3fff) };
}
