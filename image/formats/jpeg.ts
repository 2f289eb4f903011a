/**
 * Decoding of JPEG files by libjpeg's algorithms in WebAssembly.
 *
 * @module
 */

import load from "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js";
import type { Pixels } from "../../runtime/resize_image.ts";
import { type Codec, type CodecLoader, decodeByCodec } from "../codec.ts";
import { ImageError } from "../image_error.ts";
import { checkPixels, type ImageFormat } from "../image_format.ts";
import { type JpegHeader, readJpegHeader } from "../jpeg_header.ts";
import { readOrientation } from "../orientation.ts";

/** Scans that a file may have, and pixels over all scans in multiples of the limit on pixels. */
const MOST_SCANS = 64;
const MOST_PASSES = 16;

const CODEC: Codec = {
  name: "jpeg",
  file: "npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm",
  load: load as unknown as CodecLoader,
  // Not turned by the library: all formats are in one place.
  flags: [false],
};

/** JPEG, baseline and progressive, grey and colour. */
export const jpeg = {
  label: "JPEG",
  extensions: ["jpg", "jpeg"],
  mediaType: "image/jpeg",
  signature: /^ffd8ff/,
  codec: CODEC,
  open(bytes, maxPixels) {
    const header = readJpegHeader(bytes);
    checkPixels(header, maxPixels);
    const { height, width, scans, exif } = header;
    if (scans > MOST_SCANS || height * width * scans > maxPixels * MOST_PASSES) {
      throw new ImageError(
        "too-large",
        `A JPEG file of ${height}x${width} with ${scans} scans takes too long to decode`,
      );
    }
    return { orientation: exif === undefined ? 1 : readOrientation(exif), decode: () => decode(bytes, header) };
  },
} satisfies ImageFormat;

async function decode(bytes: Uint8Array, { width, height }: JpegHeader): Promise<Pixels> {
  const { image, lines } = await decodeByCodec(CODEC, bytes);
  const fault = lines.find((line) => !line.includes("extraneous bytes before marker"));
  if (fault !== undefined) {
    throw new ImageError("corrupt", `The JPEG file cannot be decoded: ${fault}`);
  }
  if (image === undefined || image.width !== width || image.height !== height) {
    throw new ImageError(
      "corrupt",
      "The JPEG file cannot be decoded: it does not give the image that its frame announces",
    );
  }
  return image;
}
