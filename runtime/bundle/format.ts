/**
 * Constants of the bundle file format, shared by its reader and its writer.
 * `docs/format.md` is the normative description.
 *
 * @module
 */

import type { ConstantSpec, Program, TensorSpec } from "../program.ts";
import { groupedBytes, type GroupedSpec } from "./grouped_weights.ts";

/** First eight bytes of a bundle; the line ends show a file damaged by a text-mode transfer. */
export const MAGIC: Uint8Array = new Uint8Array([0x4f, 0x43, 0x54, 0x45, 0x54, 0x0d, 0x0a, 0x1a]);

/** Version of bundles without weights of 4 bits. */
export const FORMAT_VERSION = 1;

/** Version of bundles with weights of 4 bits. */
export const GROUPED_VERSION = 2;

/** Version of bundles that say what their first output is, or stretch images. */
export const OUTPUT_VERSION = 3;

/** Bytes before the header: magic, version, header length, data length, zero. */
export const PREFIX_BYTES = 24;

/** Bytes of the SHA-256 digest that ends a bundle. */
export const DIGEST_BYTES = 32;

/** Alignment in bytes of the data part, of constants and of tensors. */
export const ALIGNMENT = 64;

/** Greatest length of a header in bytes. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Greatest size in bytes of the data part and of the arena. */
export const MAX_PART_BYTES = 1024 * 1024 * 1024;

/** Greatest number of entries in each table of a program. */
export const MAX_ENTRIES = 65536;

/** Rounds a byte offset up to the next multiple of {@linkcode ALIGNMENT}. */
export function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of one element of each tensor type, and of each constant type but "i4". */
export const ELEMENT_BYTES: Readonly<Record<"u8" | "i8" | "i32" | "f32", number>> = { u8: 1, i8: 1, i32: 4, f32: 4 };

/** Bytes that a constant takes in the data part. */
export function constantBytes(constant: ConstantSpec): number {
  return constant.type === "i4"
    ? groupedBytes(constant as GroupedSpec)
    : constant.length * ELEMENT_BYTES[constant.type];
}

/** Version of the format that a program needs. */
export function versionOf({ constants, outputKind, preprocessing }: Program): number {
  if (outputKind !== undefined || Array.isArray(preprocessing?.resize)) return OUTPUT_VERSION;
  return constants.some(({ type }) => type === "i4") ? GROUPED_VERSION : FORMAT_VERSION;
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  let product = 1;
  for (let axis = 0; axis < shape.length; axis++) product *= shape[axis];
  return product;
}

/** Bytes that a tensor takes in the arena. */
export function tensorBytes({ shape, type }: Pick<TensorSpec, "shape" | "type">): number {
  return elementCount(shape) * ELEMENT_BYTES[type];
}

/** Lower-case hexadecimal text of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
