/**
 * Altered image files: refused by an ImageError, or decoded to as many pixels
 * as are allowed, and the decoder is in order afterwards.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { crc32 } from "../../image/crc32.ts";
import { decodeImage } from "../../image/decode_image.ts";
import { ImageError } from "../../image/image_error.ts";
import { decodeBase64 } from "../../runtime/base64.ts";
import { joinBytes } from "../../runtime/http/protocol/join_bytes.ts";
import { ANIMATED_WEBP, CMYK_JPEG, JPEG_FILES, PNG_FILES, WEBP_FILES } from "../support/image_files.ts";
import { encodePng, gradientPixels } from "../support/images.ts";
import { type Random, random, seedOf } from "../support/random.ts";
import { alterBytes } from "./alter_bytes.ts";
import { type AlteredFile, type Bytes, describeError, finding, type FuzzKind, type Outcome } from "./fuzz_kind.ts";

const MOST_PIXELS = 2 ** 20;

const seeds: Bytes[] = [
  ...[...PNG_FILES, ...JPEG_FILES, ...WEBP_FILES].map(({ base64 }) => decodeBase64(base64)),
  ...[CMYK_JPEG, ANIMATED_WEBP].map(decodeBase64),
  encodePng(gradientPixels(40, 50)),
].map((bytes) => Uint8Array.from(bytes));

/** A file of each format in order, and its pixels. */
const healthy = await Promise.all(
  [PNG_FILES[0], JPEG_FILES[0], WEBP_FILES[0]].map(async ({ base64 }) => {
    const bytes = decodeBase64(base64);
    return { bytes, data: (await decodeImage(bytes)).data };
  }),
);

// deno-lint-ignore require-await
async function alter(seed: number): Promise<AlteredFile> {
  const draw = random(seedOf(seed, 0));
  const [base, other] = [draw.pick(seeds), draw.pick(seeds)];
  return {
    alterations: draw.pick([1, 1, 1, 2, 4]),
    // deno-lint-ignore require-await
    async build(chosen) {
      return chosen.reduce((bytes, index) => alterOnce(bytes, random(seedOf(seed, index + 1)), other), base);
    },
  };
}

function alterOnce(bytes: Bytes, draw: Random, other: Bytes): Bytes {
  const isPng = bytes[0] === 0x89;
  return isPng && draw.unit() < 0.7 ? alterChunk(bytes, draw, other) : alterBytes(bytes, draw, other);
}

/** Alters one chunk of a PNG file and its checksum with it, so that more than the checksum is tried. */
function alterChunk(bytes: Bytes, draw: Random, other: Bytes): Bytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: { start: number; length: number }[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) break;
    chunks.push({ start: at, length });
    at += 12 + length;
  }
  if (chunks.length === 0) return alterBytes(bytes, draw, other);
  const { start, length } = draw.pick(chunks);
  const content = bytes.slice(start + 8, start + 8 + length);
  const altered = alterBytes(content.length > 0 ? content : new Uint8Array(1), draw, other);
  const chunk = new Uint8Array(12 + altered.length);
  const target = new DataView(chunk.buffer);
  target.setUint32(0, altered.length);
  chunk.set(bytes.subarray(start + 4, start + 8), 4);
  chunk.set(altered, 8);
  target.setUint32(8 + altered.length, crc32(chunk.subarray(4, 8 + altered.length)));
  return joinBytes([bytes.subarray(0, start), chunk, bytes.subarray(start + 12 + length)]);
}

async function check(bytes: Bytes, seed: number): Promise<Outcome> {
  let outcome: Outcome = { kind: "accepted" };
  try {
    const { data, width, height, channels } = await decodeImage(bytes, { maxPixels: MOST_PIXELS });
    const fits = width * height <= MOST_PIXELS && data.length === width * height * 3 && channels === 3;
    if (!fits) return finding(`${data.length} bytes of ${width} x ${height} x ${channels}`);
  } catch (error) {
    if (!(error instanceof ImageError)) return finding(describeError(error));
    outcome = { kind: "refused" };
  }
  const { bytes: file, data } = healthy[seed % healthy.length];
  try {
    assertEquals((await decodeImage(file)).data, data);
  } catch (error) {
    return finding(`A file that is in order afterwards: ${describeError(error)}`);
  }
  return outcome;
}

/** Images. */
export const FUZZ_IMAGE: FuzzKind = {
  suffix: "image",
  limits: { seconds: 10, megabytes: 512 },
  alter,
  check,
};
