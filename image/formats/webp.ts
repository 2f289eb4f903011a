/**
 * Decoding of WebP files by libwebp in WebAssembly.
 *
 * @module
 */

import load from "npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.js";
import type { Pixels } from "../../runtime/resize_image.ts";
import { type Codec, type CodecLoader, decodeByCodec } from "../codec.ts";
import { ImageError } from "../image_error.ts";
import { checkPixels, type ImageFormat } from "../image_format.ts";
import { readOrientation } from "../orientation.ts";
import { readWebpHeader, type WebpHeader } from "../webp_header.ts";

const CODEC: Codec = {
  name: "webp",
  file: "npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm",
  load: load as unknown as CodecLoader,
  flags: [],
};

/** WebP, lossy and lossless. */
export const webp = {
  label: "WebP",
  extensions: ["webp"],
  mediaType: "image/webp",
  signature: /^52494646........57454250/,
  codec: CODEC,
  open(bytes, maxPixels) {
    const header = readWebpHeader(bytes, (size) => checkPixels(size, maxPixels));
    const { exif } = header;
    return { orientation: exif === undefined ? 1 : readOrientation(exif), decode: () => decode(bytes, header) };
  },
} satisfies ImageFormat;

async function decode(bytes: Uint8Array, { width, height, end }: WebpHeader): Promise<Pixels> {
  const { image, lines } = await decodeByCodec(CODEC, bytes.subarray(0, end));
  if (image === undefined) {
    throw new ImageError("corrupt", ["The WebP file cannot be decoded", ...lines.slice(-1)].join(": "));
  }
  if (image.width !== width || image.height !== height) {
    throw new ImageError(
      "corrupt",
      "The WebP file cannot be decoded: it does not give the image that its header announces",
    );
  }
  return image;
}
