/**
 * Pictures as the server and the runtime take them.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Formats that are decoded without the browser's help. */
const TYPES = ["image/jpeg", "image/png", "image/webp"];
/** Longest side of a picture that is drawn anew, and most pixels of one that is not. */
const LONGEST_SIDE = 1600;
const MOST_PIXELS = 6_000_000;

/**
 * Makes a picture upright, not larger than needed, and of a known format. Most
 * are left as they are.
 *
 * @param file What was chosen, dropped or pasted.
 * @throws {Error} Where the browser cannot read it.
 */
export async function preparePicture(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) {
    // Perhaps the server says what is wrong with it.
    if (TYPES.includes(file.type)) return file;
    throw new Error("This is not a picture that the browser can read");
  }
  const { width, height } = bitmap;
  const fits = TYPES.includes(file.type) && width * height <= MOST_PIXELS;
  if (fits && await orientationOf(file) === 1) return file;
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

/** How a JPEG file says it is to be turned: 1, as it is, to 8. */
async function orientationOf(file: Blob): Promise<number> {
  const view = new DataView(await file.slice(0, 65_536).arrayBuffer());
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return 1;
  for (let at = 2; at + 18 < view.byteLength; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return readOrientation(view, at + 10);
    if (view.getUint8(at) !== 0xff || view.getUint16(at) === 0xffda) break;
  }
  return 1;
}

/** The orientation in a directory of TIFF, whose header is at `start`. */
function readOrientation(view: DataView, start: number): number {
  const little = view.getUint16(start) === 0x4949;
  const first = start + view.getUint32(start + 4, little);
  if (first + 2 > view.byteLength) return 1;
  const entries = view.getUint16(first, little);
  for (let entry = first + 2; entry < first + 2 + entries * 12 && entry + 12 <= view.byteLength; entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}
