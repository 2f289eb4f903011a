/**
 * The markers of a JPEG file, walked without decoding it.
 *
 * @module
 */

import { ImageError } from "./image_error.ts";

/** What the markers of a file say. */
export interface JpegHeader {
  /** Height in pixels. */
  height: number;
  /** Width in pixels. */
  width: number;
  /** 1 grey, 3 colour. */
  components: number;
  /** EXIF data, where there are any before the first scan. */
  exif?: Uint8Array;
  /** Number of scans; more than 1 in progressive files. */
  scans: number;
}

/** Frame types by their marker that libjpeg's Huffman decoder takes: baseline, extended and progressive. */
const DECODED_FRAMES = [0xc0, 0xc1, 0xc2];

/** The name that begins a segment with EXIF data. */
const EXIF_NAME = [0x45, 0x78, 0x69, 0x66, 0, 0];

const OTHER_FRAMES = [
  0xc3,
  0xc5,
  0xc6,
  0xc7,
  0xc9,
  0xca,
  0xcb,
  0xcd,
  0xce,
  0xcf,
];

/**
 * Walks the markers of a file from its first to its end marker.
 *
 * @param bytes A file that begins with a JPEG start marker.
 * @returns What the markers say.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: { height: number; width: number; components: number } | undefined;
  let exif: Uint8Array | undefined;
  let scans = 0;
  let at = 2;
  while (true) {
    at = nextMarker(bytes, at);
    const marker = bytes[at + 1];
    at += 2;
    if (marker === 0xd9) break;
    if (at + 2 > bytes.length) throw truncated();
    const length = view.getUint16(at);
    const end = at + length;
    if (length < 2) {
      throw new ImageError("corrupt", `The JPEG file has a marker of length ${length} at byte ${at}`);
    }
    if (end > bytes.length) throw truncated();
    if (OTHER_FRAMES.includes(marker)) {
      throw new ImageError("unsupported", "Lossless, hierarchical and arithmetic-coded JPEG files are not decoded");
    }
    if (DECODED_FRAMES.includes(marker)) {
      if (frame !== undefined) {
        throw new ImageError("corrupt", "The JPEG file has more than one frame");
      }
      frame = readFrame(view, at, length);
    }
    if (marker === 0xe1 && scans === 0 && isExif(bytes, at + 2, end)) exif ??= bytes.subarray(at + 2, end);
    if (marker === 0xda) {
      if (frame === undefined) {
        throw new ImageError("corrupt", "The JPEG file has a scan before its frame");
      }
      scans++;
    }
    at = end;
  }
  if (frame === undefined || scans === 0) {
    throw new ImageError("corrupt", "The JPEG file has no image");
  }
  return { ...frame, scans, ...(exif && { exif }) };
}

/** Whether a segment of an application holds EXIF data rather than others that share its marker, such as XMP. */
function isExif(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= EXIF_NAME.length && EXIF_NAME.every((byte, index) => bytes[at + index] === byte);
}

function readFrame(
  view: DataView,
  at: number,
  length: number,
): { height: number; width: number; components: number } {
  if (length < 8) throw new ImageError("corrupt", "The JPEG file has a malformed frame");
  const bits = view.getUint8(at + 2);
  if (bits !== 8) {
    throw new ImageError("unsupported", `JPEG files of ${bits} bits are not decoded, only 8`);
  }
  const height = view.getUint16(at + 3);
  const width = view.getUint16(at + 5);
  const components = view.getUint8(at + 7);
  if (height === 0 || width === 0) {
    throw new ImageError("corrupt", `The JPEG file has a size of ${height}x${width}`);
  }
  if (components === 4) {
    throw new ImageError("unsupported", "CMYK JPEG files are not decoded, only grey and colour");
  }
  if (components !== 1 && components !== 3) {
    throw new ImageError("unsupported", `JPEG files of ${components} components are not decoded, only 1 and 3`);
  }
  return { height, width, components };
}

/** Position of the next marker that is neither stuffing nor a restart, at `at` or after it. */
function nextMarker(bytes: Uint8Array, at: number): number {
  while (true) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) throw truncated();
    const marker = bytes[at + 1];
    if (marker === 0xff) at++;
    else if (
      marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)
    ) at += 2;
    else return at;
  }
}

function truncated(): ImageError {
  return new ImageError("corrupt", "The JPEG file is truncated");
}
