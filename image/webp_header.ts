/**
 * The chunks of a WebP file, walked without decoding it.
 *
 * @module
 */

import { ImageError } from "./image_error.ts";

/** What the chunks of a file say. */
export interface WebpHeader {
  /** Height in pixels. */
  height: number;
  /** Width in pixels. */
  width: number;
  /** EXIF data, where there are any. */
  exif?: Uint8Array;
  /** Number of bytes that belong to the file. */
  end: number;
}

/** A size in pixels. */
interface Size {
  height: number;
  width: number;
}

const ANIMATION_FLAG = 0x02;
const EXIF_FLAG = 0x08;

/**
 * Walks the chunks of a file up to its image.
 *
 * @param bytes A file that begins with the signature of WebP.
 * @param checkSize Called with each size that the file announces, of its canvas and of its image; may throw.
 * @returns What the chunks say.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export function readWebpHeader(bytes: Uint8Array, checkSize: (size: Size) => void): WebpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw new ImageError("corrupt", "The WebP file is truncated");
  let canvas: Size | undefined;
  let hasExif = false;
  for (let at = 12; at < end;) {
    if (at + 8 > end) throw new ImageError("corrupt", `The WebP file has no chunk at byte ${at}`);
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const start = at + 8;
    if (length > end - start) {
      throw new ImageError("corrupt", `The WebP file has a chunk at byte ${at} that goes beyond its end`);
    }
    const data = new DataView(bytes.buffer, bytes.byteOffset + start, length);
    if (type === "VP8X") {
      canvas = readCanvas(data);
      hasExif = (data.getUint8(0) & EXIF_FLAG) !== 0;
      checkSize(canvas);
    } else if (type === "VP8 " || type === "VP8L") {
      const size = type === "VP8 " ? readLossy(data) : readLossless(data);
      checkSize(size);
      if (canvas !== undefined && (canvas.height !== size.height || canvas.width !== size.width)) {
        throw new ImageError("corrupt", "The WebP file has an image of another size than its canvas");
      }
      const exif = hasExif ? findExif(bytes, start + length + (length & 1), end) : undefined;
      return { ...size, end, ...(exif && { exif }) };
    } else if (type === "ANIM" || type === "ANMF") {
      throw animated();
    }
    at = start + length + (length & 1);
  }
  throw new ImageError("corrupt", "The WebP file has no image");
}

/** The EXIF data after the image; a file whose last chunks are malformed has none. */
function findExif(bytes: Uint8Array, after: number, end: number): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  for (let at = after; at + 8 <= end;) {
    const length = view.getUint32(at + 4, true);
    if (length > end - at - 8) return undefined;
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) === "EXIF") return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length & 1);
  }
  return undefined;
}

function readCanvas(data: DataView): Size {
  if (data.byteLength < 10) throw malformed();
  if (data.getUint8(0) & ANIMATION_FLAG) throw animated();
  return { width: 1 + (data.getUint32(3, true) >>> 8), height: 1 + (data.getUint32(6, true) >>> 8) };
}

function readLossy(data: DataView): Size {
  const isKeyFrame = data.byteLength >= 10 && (data.getUint8(0) & 1) === 0 &&
    data.getUint8(3) === 0x9d && data.getUint8(4) === 0x01 && data.getUint8(5) === 0x2a;
  if (!isKeyFrame) throw malformed();
  return positive({ width: data.getUint16(6, true) & 0x3fff, height: data.getUint16(8, true) & 0x3fff });
}

function readLossless(data: DataView): Size {
  if (data.byteLength < 5 || data.getUint8(0) !== 0x2f) throw malformed();
  const bits = data.getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function positive(size: Size): Size {
  if (size.height === 0 || size.width === 0) {
    throw new ImageError("corrupt", `The WebP file has a size of ${size.height}x${size.width}`);
  }
  return size;
}

function malformed(): ImageError {
  return new ImageError("corrupt", "The WebP file has a malformed header");
}

function animated(): ImageError {
  return new ImageError("unsupported", "Animated WebP files are not decoded");
}
