/**
 * The formats of images: a format is a file in `formats/` and a row here.
 *
 * @module
 */

import { toHex } from "../runtime/hexadecimal.ts";
import type { Codec } from "./codec.ts";
import { jpeg } from "./formats/jpeg.ts";
import { png } from "./formats/png.ts";
import { webp } from "./formats/webp.ts";
import type { ImageFormat } from "./image_format.ts";

/** All formats by name. */
export const FORMATS = { jpeg, png, webp } as const satisfies Readonly<Record<string, ImageFormat>>;

/** Name of a format. */
export type FormatName = keyof typeof FORMATS;

/** Names of all formats. */
const FORMAT_NAMES: readonly FormatName[] = Object.keys(FORMATS) as FormatName[];

const ALL: readonly ImageFormat[] = Object.values(FORMATS);

/** The libraries that decode formats. */
export const CODECS: readonly Codec[] = ALL.flatMap(({ codec }) => codec ?? []);

/** Media types of all formats. */
export const MEDIA_TYPES: readonly string[] = ALL.map(({ mediaType }) => mediaType);

/**
 * Lists the formats for a sentence.
 *
 * @param conjunction What stands before the last one.
 * @returns Such as "JPEG, PNG or WebP".
 */
export function listFormats(conjunction: "and" | "or" | "nor"): string {
  const labels = ALL.map(({ label }) => label);
  return `${labels.slice(0, -1).join(", ")} ${conjunction} ${labels.at(-1)}`;
}

/**
 * Tells the format of a file from its first bytes.
 *
 * @param bytes The file.
 * @returns The format, or nothing where it is none of them.
 */
export function findFormat(bytes: Uint8Array): FormatName | undefined {
  const start = toHex(bytes.subarray(0, 12));
  return FORMAT_NAMES.find((name) => FORMATS[name].signature.test(start));
}

/** Whether a file's name ends as that of an image in one of the formats. */
export function hasImageExtension(name: string): boolean {
  const extension = name.toLowerCase().match(/\.([^.]*)$/)?.[1] ?? "";
  return ALL.some(({ extensions }) => extensions.includes(extension));
}
