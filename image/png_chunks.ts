/**
 * The chunks of a PNG file.
 *
 * @module
 */

import { crc32 } from "./crc32.ts";
import { ImageError } from "./image_error.ts";

/** What the chunks of a file say. */
export interface PngFile {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Bits of a channel or palette index: 1, 2, 4, 8 or 16. */
  depth: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  colorType: number;
  /** Whether it is interlaced by Adam7. */
  interlaced: boolean;
  /** 3 bytes for each palette entry; empty without a palette. */
  palette: Uint8Array;
  /** EXIF data, where there are any. */
  exif?: Uint8Array;
  /** The compressed image, in order. */
  data: Uint8Array[];
}

/** Depths that each colour type may have. */
const DEPTHS: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/**
 * Reads the chunks of a file and checks those that matter for its pixels.
 *
 * @param bytes A file that begins with the PNG signature.
 * @param checkSize Called with the size as soon as it is known; may throw.
 * @returns What the chunks say.
 * @throws {ImageError} If it is of a kind that is not decoded, too large, truncated or corrupt.
 */
export function readPngChunks(
  bytes: Uint8Array,
  checkSize: (size: { height: number; width: number }) => void,
): PngFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let file: PngFile | undefined;
  for (let at = 8;;) {
    if (at + 12 > bytes.length) {
      throw new ImageError("corrupt", "The PNG file is truncated");
    }
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new ImageError("corrupt", `The PNG file has no chunk at byte ${at}`);
    }
    if (length > bytes.length - at - 12) {
      throw new ImageError("corrupt", "The PNG file is truncated");
    }
    const data = bytes.subarray(at + 8, at + 8 + length);
    const critical = type.charCodeAt(0) < 0x61;
    if (
      critical &&
      crc32(bytes.subarray(at + 4, at + 8 + length)) !==
        view.getUint32(at + 8 + length)
    ) {
      throw new ImageError("corrupt", `The PNG file has a wrong checksum in its ${type} chunk at byte ${at}`);
    }
    at += 12 + length;
    if (file === undefined) {
      if (type !== "IHDR") {
        throw new ImageError("corrupt", `The PNG file begins with a ${type} chunk, expected IHDR`);
      }
      file = readHeader(data);
      checkSize(file);
    } else if (type === "PLTE") {
      if (
        length === 0 || length % 3 !== 0 || length > 768 ||
        file.palette.length > 0 || file.data.length > 0
      ) {
        throw new ImageError("corrupt", "The PNG file has a malformed palette");
      }
      file.palette = data;
    } else if (type === "IDAT") {
      file.data.push(data);
    } else if (type === "eXIf") {
      file.exif ??= data;
    } else if (type === "IEND") {
      if (file.data.length === 0) {
        throw new ImageError("corrupt", "The PNG file has no image");
      }
      if (file.colorType === 3 && file.palette.length === 0) {
        throw new ImageError("corrupt", "The PNG file has no palette");
      }
      return file;
    } else if (type === "IHDR") {
      throw new ImageError("corrupt", "The PNG file has more than one header");
    } else if (critical) {
      throw new ImageError("unsupported", `PNG files with a ${type} chunk are not decoded`);
    }
  }
}

function readHeader(data: Uint8Array): PngFile {
  if (data.length !== 13) {
    throw new ImageError("corrupt", "The PNG file has a malformed header");
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colorType, compression, filter, interlace] = data.subarray(8);
  if (
    width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff
  ) {
    throw new ImageError("corrupt", `The PNG file has a size of ${height}x${width}`);
  }
  if (!DEPTHS[colorType]?.includes(depth)) {
    throw new ImageError(
      "corrupt",
      `The PNG file has colour type ${colorType} with ${depth} bits, which PNG doesn't know`,
    );
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new ImageError(
      "unsupported",
      `PNG files with compression ${compression}, filter ${filter}, interlace ${interlace} are not decoded`,
    );
  }
  return {
    width,
    height,
    depth,
    colorType,
    interlaced: interlace === 1,
    palette: new Uint8Array(0),
    data: [],
  };
}
