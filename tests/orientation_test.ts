import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../image/decode_image.ts";
import { findFormat } from "../image/formats.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import { JPEG_FILES, WEBP_FILES } from "./support/image_files.ts";
import { encodePng, randomPixels } from "./support/images.ts";
import { testInBrowser } from "./support/browser.ts";
import { exifData, ORIENTATIONS, shown, WITH_EXIF } from "./support/oriented_files.ts";

const named = (files: readonly { name: string; base64: string }[], name: string) =>
  decodeBase64(files.find((file) => file.name === name)!.base64);

/** Files without EXIF data, none of them square. */
const FILES = {
  jpeg: named(JPEG_FILES, "colour, 4:4:4"),
  png: encodePng(randomPixels({ height: 5, width: 8, channels: 3 }, 3)),
  webp: named(WEBP_FILES, "lossless"),
};

Deno.test("an image is turned upright by its EXIF data, in every format, orientation and order of bytes", async () => {
  for (const [name, file] of Object.entries(FILES) as [keyof typeof FILES, Uint8Array][]) {
    const stored = await decodeImage(file);
    for (const orientation of ORIENTATIONS) {
      for (const little of [true, false]) {
        const oriented = WITH_EXIF[name](file, exifData(orientation, little));
        assertEquals(findFormat(oriented), name);
        assertEquals(await decodeImage(oriented), shown(stored, orientation), `${name} ${orientation} ${little}`);
      }
    }
  }
});

Deno.test("EXIF data that say nothing or are malformed leave an image as it is stored", async () => {
  const whole = exifData(6, true);
  const other = (change: (exif: Uint8Array) => void) => {
    const exif = whole.slice();
    change(exif);
    return exif;
  };
  const cases = [
    exifData(0, true),
    exifData(9, false),
    new Uint8Array(0),
    ...Array.from({ length: whole.length - 4 }, (_, length) => whole.subarray(0, length)).filter((_, at) => at < 34),
    other((exif) => exif[0] = 0),
    other((exif) => exif[2] = 43),
    other((exif) => exif.fill(255, 4, 8)),
    other((exif) => exif[24] = 4),
  ];
  for (const [name, file] of Object.entries(FILES) as [keyof typeof FILES, Uint8Array][]) {
    const stored = await decodeImage(file);
    for (const exif of cases) assertEquals(await decodeImage(WITH_EXIF[name](file, exif)), stored, `${name} ${exif}`);
  }
});

testInBrowser("a browser shows JPEG and PNG files as they are decoded, in every orientation", async (browser) => {
  const page = await browser.newPage();
  try {
    for (const name of ["jpeg", "png"] as const) {
      const file = FILES[name];
      for (const orientation of ORIENTATIONS) {
        const oriented = WITH_EXIF[name](file, exifData(orientation, false));
        const { width, height, data } = await decodeImage(oriented);
        const seen = await page.evaluate(`(async () => {
          const bytes = Uint8Array.from(${JSON.stringify([...oriented])});
          const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/${name}" }), { colorSpaceConversion: "none" });
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
          return { width: bitmap.width, height: bitmap.height, data: Array.from(data).filter((_, at) => at % 4 < 3) };
        })()`) as { width: number; height: number; data: number[] };
        assertEquals([seen.width, seen.height], [width, height], `${name} ${orientation}`);
        const error = seen.data.reduce((sum, value, at) => sum + Math.abs(value - data[at]), 0) / data.length;
        assert(error < 2, `${name} ${orientation}: pixels differ by ${error}`);
      }
    }
  } finally {
    await page.close();
  }
});
