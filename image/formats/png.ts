/**
 * Decoding of PNG files, row by row as they are decompressed, so that memory is
 * bounded by the size in the file's header.
 *
 * @module
 */

import { decompress } from "../../runtime/decompress.ts";
import { FormatError } from "../../runtime/errors.ts";
import type { Pixels } from "../../runtime/resize_image.ts";
import { ImageError } from "../image_error.ts";
import { checkPixels, type ImageFormat } from "../image_format.ts";
import { readOrientation } from "../orientation.ts";
import { type PngFile, readPngChunks } from "../png_chunks.ts";
import { unfilterRow } from "../png_filter.ts";

/** A sub-image: where its pixels lie in the image. */
interface Pass {
  left: number;
  top: number;
  stepX: number;
  stepY: number;
}

const WHOLE: readonly Pass[] = [{ left: 0, top: 0, stepX: 1, stepY: 1 }];

const ADAM7: readonly Pass[] = [
  { left: 0, top: 0, stepX: 8, stepY: 8 },
  { left: 4, top: 0, stepX: 8, stepY: 8 },
  { left: 0, top: 4, stepX: 4, stepY: 8 },
  { left: 2, top: 0, stepX: 4, stepY: 4 },
  { left: 0, top: 2, stepX: 2, stepY: 4 },
  { left: 1, top: 0, stepX: 2, stepY: 2 },
  { left: 0, top: 1, stepX: 1, stepY: 2 },
];

/** Channels in the file by colour type. */
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** PNG of every colour type, depth and interlacing. */
export const png = {
  label: "PNG",
  extensions: ["png"],
  mediaType: "image/png",
  signature: /^89504e470d0a1a0a/,
  codec: null,
  open(bytes, maxPixels) {
    const file = readPngChunks(bytes, (size) => checkPixels(size, maxPixels));
    return { orientation: file.exif === undefined ? 1 : readOrientation(file.exif), decode: () => decode(file) };
  },
} satisfies ImageFormat;

async function decode(file: PngFile): Promise<Pixels> {
  const { height, width } = file;
  const data = new Uint8Array(height * width * 3);
  const rows = filteredRows(file);
  let row = rows.next();
  let filled = 0;
  for await (const chunk of imageData(file)) {
    for (let at = 0; at < chunk.length;) {
      if (row.done) {
        throw new ImageError("corrupt", "The PNG file has more image data than its size needs");
      }
      const taken = chunk.subarray(at, at + row.value.bytes.length - filled);
      row.value.bytes.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < row.value.bytes.length) continue;
      filled = 0;
      const { bytes: filtered, above, pass, y } = row.value;
      const current = filtered.subarray(1);
      unfilterRow(
        filtered[0],
        current,
        above,
        Math.max(1, CHANNELS[file.colorType] * file.depth >> 3),
      );
      writeRow(file, current, data, pass, y);
      row = rows.next();
    }
  }
  if (!row.done) {
    throw new ImageError("corrupt", "The PNG file has less image data than its size needs");
  }
  return { data, height, width, channels: 3 };
}

/** The filtered rows of all passes, one after the other. */
async function* imageData({ data }: PngFile): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* decompress(data, "deflate", "The PNG file has image data that cannot be decompressed");
  } catch (error) {
    throw error instanceof FormatError ? new ImageError("corrupt", error.message, { cause: error }) : error;
  }
}

/** The rows of all passes in their order in the file; two buffers are used in turn. */
function* filteredRows(
  file: PngFile,
): Generator<
  { bytes: Uint8Array; above: Uint8Array; pass: Pass; y: number },
  void,
  void
> {
  for (const pass of file.interlaced ? ADAM7 : WHOLE) {
    const columns = Math.ceil((file.width - pass.left) / pass.stepX);
    if (columns <= 0) continue;
    const length = Math.ceil(
      columns * CHANNELS[file.colorType] * file.depth / 8,
    );
    let bytes = new Uint8Array(1 + length);
    let previous = new Uint8Array(1 + length);
    for (let y = pass.top; y < file.height; y += pass.stepY) {
      yield { bytes, above: previous.subarray(1), pass, y };
      [bytes, previous] = [previous, bytes];
    }
  }
}

/** Converts a row to red, green and blue in its place in the image. */
function writeRow(
  file: PngFile,
  row: Uint8Array,
  data: Uint8Array,
  pass: Pass,
  y: number,
): void {
  const { width, depth, colorType, palette } = file;
  const channels = CHANNELS[colorType];
  const start = y * width * 3;
  if (colorType === 2 && depth === 8 && pass.stepX === 1) {
    data.set(row, start);
    return;
  }
  const valueAt = depth < 8
    ? (index: number) =>
      row[index * depth >> 3] >> (8 - depth - (index * depth & 7)) &
      ((1 << depth) - 1)
    : (index: number) => row[index * depth >> 3];
  const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  for (
    let x = pass.left, pixel = 0;
    x < width;
    x += pass.stepX, pixel += channels
  ) {
    const to = start + x * 3;
    if (colorType === 3) {
      const entry = valueAt(pixel) * 3;
      if (entry >= palette.length) {
        throw new ImageError("corrupt", "The PNG file has a pixel outside its palette");
      }
      data[to] = palette[entry];
      data[to + 1] = palette[entry + 1];
      data[to + 2] = palette[entry + 2];
    } else if (channels < 3) {
      data.fill(valueAt(pixel) * scale, to, to + 3);
    } else {
      data[to] = valueAt(pixel);
      data[to + 1] = valueAt(pixel + 1);
      data[to + 2] = valueAt(pixel + 2);
    }
  }
}
