/**
 * Pictures as the server and the runtime take them.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { MEDIA_TYPES } from "../../image/formats.ts";

/** Formats that browsers turn upright by their EXIF data as Octet does; Chromium leaves WebP as it is stored. */
const TURNED = ["image/jpeg", "image/png"];
/** Longest side of a picture that is drawn anew, and most pixels of one that is not. */
const LONGEST_SIDE = 1600;
const MOST_PIXELS = 6_000_000;

/**
 * Makes a picture no larger than needed, and of a known format. Most are left
 * as they are; those that are drawn anew are turned upright by the browser, the
 * others where they are decoded.
 *
 * @param file What was chosen, dropped or pasted.
 * @throws {Error} Where the browser cannot read it.
 */
export async function preparePicture(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) {
    // Perhaps the server says what is wrong with it.
    if (MEDIA_TYPES.includes(file.type)) return file;
    throw new Error("This is not a picture that the browser can read");
  }
  const { width, height } = bitmap;
  if (MEDIA_TYPES.includes(file.type) && (width * height <= MOST_PIXELS || !TURNED.includes(file.type))) return file;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return await drawPicture(bitmap, Math.round(width * scale), Math.round(height * scale));
}

/** Draws a bitmap or a frame of a video as a JPEG file. */
export async function drawPicture(source: CanvasImageSource, width: number, height: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  if (blob === null) throw new Error("The picture cannot be drawn");
  return blob;
}
