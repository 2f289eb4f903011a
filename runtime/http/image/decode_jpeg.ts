/**
 * Decoding of JPEG files by libjpeg's algorithms in WebAssembly.
 *
 * @module
 */

import type { Pixels } from "../../resize_image.ts";
import { checkPixels } from "./image_format.ts";
import { readJpegHeader } from "./jpeg_header.ts";
import { type JpegDecoder, makeJpegDecoder } from "./jpeg_decoder.ts";

/** A decoder and the lines that it has printed. */
interface Decoder {
  decoder: JpegDecoder;
  lines: string[];
}

/** A decoder whose memory has grown beyond this many bytes is not used again. */
const LARGEST_IDLE_MEMORY = 64 * 2 ** 20;

/** Scans that a file may have, and pixels over all scans in multiples of the limit on pixels. */
const MOST_SCANS = 64;
const MOST_PASSES = 16;

let idle: Decoder | undefined;

/**
 * Decodes a JPEG file.
 *
 * @param bytes A file that begins with a JPEG start marker.
 * @param maxPixels Most pixels that it may have.
 * @returns An image of 3 channels.
 * @throws {TypeError} If it is of a kind that is not decoded.
 * @throws {RangeError} If it has too many pixels or scans.
 * @throws {SyntaxError} If it is truncated or corrupt.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  maxPixels: number,
): Promise<Pixels> {
  const header = readJpegHeader(bytes);
  checkPixels(header, maxPixels);
  const { height, width, scans } = header;
  if (scans > MOST_SCANS || height * width * scans > maxPixels * MOST_PASSES) {
    throw new RangeError(
      `A JPEG file of ${height}x${width} with ${scans} scans takes too long to decode`,
    );
  }

  const current = idle ?? await makeDecoder();
  idle = undefined;
  current.lines.length = 0;
  let image;
  try {
    image = current.decoder.decode(bytes, false);
  } catch (error) {
    throw new SyntaxError(
      `The JPEG file cannot be decoded: ${current.lines.at(-1) ?? "the decoder failed"}`,
      {
        cause: error,
      },
    );
  }
  if (current.decoder.HEAPU8.length <= LARGEST_IDLE_MEMORY) idle = current;
  const fault = current.lines.find((line) => !line.includes("extraneous bytes before marker"));
  if (fault !== undefined) {
    throw new SyntaxError(`The JPEG file cannot be decoded: ${fault}`);
  }
  if (image === null || image.width !== width || image.height !== height) {
    throw new SyntaxError(
      "The JPEG file cannot be decoded: it does not give the image that its frame announces",
    );
  }
  return { data: withoutAlpha(image.data), height, width, channels: 3 };
}

async function makeDecoder(): Promise<Decoder> {
  const lines: string[] = [];
  const decoder = await makeJpegDecoder((line) => void lines.push(line));
  return { decoder, lines };
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}
