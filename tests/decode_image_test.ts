import { assert, assertEquals, assertRejects } from "@std/assert";
import { encode } from "npm:fast-png@8.0.0";
import { ImageError } from "../image/image_error.ts";
import { crc32 } from "../image/crc32.ts";
import { decodeImage } from "../runtime/http/mod.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { ANIMATED_WEBP, CMYK_JPEG, JPEG_FILES, PNG_FILES, WEBP_FILES } from "./support/image_files.ts";
import { digest, encodePng, gradientPixels, randomPixels } from "./support/images.ts";

const ALL_FILES = [...PNG_FILES, ...JPEG_FILES, ...WEBP_FILES];

/** Bytes after which a file is known to be of its format. */
function signatureLength(name: string): number {
  if (PNG_FILES.some((file) => file.name === name)) return 8;
  return WEBP_FILES.some((file) => file.name === name) ? 12 : 3;
}

/** Checks that an image is refused for a reason, by a message that has a text. */
async function assertRefused(
  decode: () => Promise<unknown>,
  fault: ImageError["fault"],
  text: string,
  name?: string,
): Promise<void> {
  const error = await assertRejects(decode, ImageError, text, name);
  assertEquals(error.fault, fault, name);
}

Deno.test("PNG files of every colour type and depth decode to Pillow's pixels", async () => {
  for (const { name, base64, digest: expected } of PNG_FILES) {
    const image = await decodeImage(decodeBase64(base64));
    assertEquals([image.height, image.width, image.channels], [7, 5, 3], name);
    assertEquals(digest(image.data), expected, name);
  }
});

Deno.test("JPEG and WebP files decode to Pillow's pixels, upright and without alpha", async () => {
  for (const { name, base64, digest: expected } of [...JPEG_FILES, ...WEBP_FILES]) {
    const image = await decodeImage(decodeBase64(base64));
    const size = name.includes("EXIF") ? [31, 23] : [23, 31];
    assertEquals([image.height, image.width, image.channels], [...size, 3], name);
    assertEquals(digest(image.data), expected, name);
  }
});

Deno.test("PNG files of an independent encoder decode to the pixels they were made of", async () => {
  for (const channels of [1, 3, 4] as const) {
    const image = randomPixels({ height: 61, width: 83, channels }, channels);
    const decoded = await decodeImage(encodePng(image));
    const expected = Uint8Array.from({ length: 61 * 83 * 3 }, (_, index) => {
      const pixel = Math.floor(index / 3);
      return image.data[pixel * channels + (channels === 1 ? 0 : index % 3)];
    });
    assertEquals(decoded.data, expected);
  }
  const wide = Uint16Array.from({ length: 12 }, (_, index) => index * 5000);
  const decoded = await decodeImage(encode({ width: 2, height: 2, channels: 3, depth: 16, data: wide }));
  assertEquals(decoded.data, Uint8Array.from(wide, (value) => value >> 8));
});

Deno.test("an image file cut off at any byte is refused with a typed error", async () => {
  for (const { name, base64, digest: expected } of ALL_FILES) {
    const file = decodeBase64(base64);
    for (let length = 0; length < file.length; length++) {
      const fault = length < signatureLength(name) ? "unsupported" : "corrupt";
      await assertRefused(() => decodeImage(file.subarray(0, length)), fault, "", `${name} at ${length}`);
    }
    assertEquals(digest((await decodeImage(file)).data), expected, name);
  }
});

Deno.test("a damaged image file gives an image or a typed error, and the next file still decodes", async () => {
  let state = 1;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
  const outcomes = { decoded: 0, refused: 0 };
  for (const { name, base64, digest: expected } of ALL_FILES) {
    for (let round = 0; round < 40; round++) {
      const file = decodeBase64(base64);
      for (let count = next(3); count >= 0; count--) file[next(file.length)] ^= 1 << next(8);
      try {
        await decodeImage(file, { maxPixels: 1e6 });
        outcomes.decoded++;
      } catch (error) {
        assert(error instanceof ImageError, `${name}: ${error}`);
        outcomes.refused++;
      }
    }
    assertEquals(digest((await decodeImage(decodeBase64(base64))).data), expected, name);
  }
  assert(outcomes.decoded > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
});

Deno.test("an image that announces too many pixels is refused before it is decoded", async () => {
  const png = encodePng(gradientPixels(4, 4));
  const jpeg = decodeBase64(JPEG_FILES[0].base64);
  for (const { base64, name } of WEBP_FILES) {
    const webp = decodeBase64(base64);
    await assertRefused(() => decodeImage(webp, { maxPixels: 700 }), "too-large", "An image of 23x31 has more", name);
    assertEquals((await decodeImage(webp, { maxPixels: 713 })).data.length, 713 * 3, name);
  }
  await assertRefused(
    () => decodeImage(png, { maxPixels: 15 }),
    "too-large",
    "An image of 4x4 has more than 15 pixels",
  );
  await assertRefused(() => decodeImage(jpeg, { maxPixels: 700 }), "too-large", "has more than 700 pixels");
  assertEquals((await decodeImage(png, { maxPixels: 16 })).width, 4);
  await assertRejects(() => decodeImage(png, { maxPixels: NaN }), RangeError);
});

Deno.test("image files of other kinds are refused with their reason", async () => {
  await assertRefused(() => decodeImage(decodeBase64(CMYK_JPEG)), "unsupported", "CMYK JPEG files are not decoded");
  for (const text of ["", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "RIFF\0\0\0\0WAVE"]) {
    await assertRefused(() => decodeImage(new TextEncoder().encode(text)), "unsupported", "neither JPEG, PNG nor WebP");
  }
  const lossless = decodeBase64(JPEG_FILES[0].base64);
  const frame = lossless.findIndex((byte, at) => byte === 0xff && lossless[at + 1] === 0xc0);
  lossless[frame + 1] = 0xc3;
  await assertRefused(() => decodeImage(lossless), "unsupported", "Lossless");
  await assertRefused(
    () => decodeImage(decodeBase64(ANIMATED_WEBP)),
    "unsupported",
    "Animated WebP files are not decoded",
  );
  const empty = new TextEncoder().encode("RIFF\x04\0\0\0WEBP");
  await assertRefused(() => decodeImage(empty), "corrupt", "The WebP file has no image");
});

Deno.test("compressed data that go on after the image are refused without being decompressed to the end", async () => {
  const zeros = new Blob([new Uint8Array(64 * 2 ** 20)]).stream().pipeThrough(new CompressionStream("deflate"));
  const bomb = new Uint8Array(await new Response(zeros).arrayBuffer());
  const small = encodePng({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 });
  const chunk = new Uint8Array(12 + bomb.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, bomb.length);
  chunk.set(new TextEncoder().encode("IDAT"), 4);
  chunk.set(bomb, 8);
  view.setUint32(8 + bomb.length, crc32(chunk.subarray(4, 8 + bomb.length)));
  const file = new Uint8Array([...small.subarray(0, 33), ...chunk, ...small.subarray(-12)]);
  await assertRefused(() => decodeImage(file), "corrupt", "more image data than its size needs");
});
