import { assert, assertEquals } from "@std/assert";
import { CODECS, FORMATS, hasImageExtension, listFormats, MEDIA_TYPES } from "../image/formats.ts";
import type { ImageFormat } from "../image/image_format.ts";
import { describeApi } from "../runtime/http/openapi.ts";
import { HELP } from "../runtime/http/serve/arguments.ts";

const { label, extensions, mediaType, signature, codec, open } = FORMATS.png;

Deno.test("a format of images that lacks a part does not compile", () => {
  const whole: ImageFormat = { label, extensions, mediaType, signature, codec, open };
  // @ts-expect-error It has no label.
  const label_: ImageFormat = { extensions, mediaType, signature, codec, open };
  // @ts-expect-error It has no extensions.
  const extensions_: ImageFormat = { label, mediaType, signature, codec, open };
  // @ts-expect-error It has an empty list of extensions.
  const none: ImageFormat = { label, extensions: [], mediaType, signature, codec, open };
  // @ts-expect-error It has no media type.
  const mediaType_: ImageFormat = { label, extensions, signature, codec, open };
  // @ts-expect-error It has no signature.
  const signature_: ImageFormat = { label, extensions, mediaType, codec, open };
  // @ts-expect-error It does not say which library decodes it, if one does.
  const codec_: ImageFormat = { label, extensions, mediaType, signature, open };
  // @ts-expect-error It has no reader of headers.
  const open_: ImageFormat = { label, extensions, mediaType, signature, codec };
  // @ts-expect-error Its files have no orientation.
  const upright: ImageFormat = { ...whole, open: () => ({ decode: () => Promise.reject() }) };
  // @ts-expect-error Its files have no decoder.
  const closed: ImageFormat = { ...whole, open: () => ({ orientation: 1 }) };
  // @ts-expect-error Its library has no file.
  const fileless: ImageFormat = { ...whole, codec: { name: "x", load: CODECS[0].load, flags: [] } };
  const incomplete = [label_, extensions_, none, mediaType_, signature_, codec_, open_, upright, closed, fileless];
  assertEquals(incomplete.length, 10);
});

Deno.test("whoever speaks of formats of images has them from their table", () => {
  assertEquals([listFormats("or"), listFormats("nor")], ["JPEG, PNG or WebP", "JPEG, PNG nor WebP"]);
  assertEquals(MEDIA_TYPES, ["image/jpeg", "image/png", "image/webp"]);
  assertEquals(CODECS.map(({ name }) => name), ["jpeg", "webp"]);
  assert(HELP.includes(listFormats("or")));
  // deno-lint-ignore no-explicit-any
  const { content } = (describeApi() as any).paths["/classify"].post.requestBody;
  for (const type of MEDIA_TYPES) assert(type in content, type);
  assertEquals(["a.JPG", "b.jpeg", "c.webp", "d.PNG"].every(hasImageExtension), true);
  assertEquals(["jpg", "a.jpg.txt", "a.gif", "png.", "a."].some(hasImageExtension), false);
});
