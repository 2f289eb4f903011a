/**
 * Constants of the bundle file format, shared by its reader and its writer.
 * `docs/format.md` is the normative description.
 *
 * @module
 */

import { type ConstantSpec, ELEMENT_BYTES } from "../tensor.ts";
import { groupedBytes, type GroupedSpec } from "./grouped_weights.ts";

/** First eight bytes of a bundle; the line ends show a file damaged by a text-mode transfer. */
export const MAGIC: Uint8Array = new Uint8Array([0x4f, 0x43, 0x54, 0x45, 0x54, 0x0d, 0x0a, 0x1a]);

/** Bytes before the header: magic, version, header length, data length, zero. */
export const PREFIX_BYTES = 24;

/** Bytes of the SHA-256 digest that ends a bundle. */
export const DIGEST_BYTES = 32;

/** Greatest length of a header in bytes. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Greatest size in bytes of the data part and of the arena. */
export const MAX_PART_BYTES = 1024 * 1024 * 1024;

/** Greatest number of entries in each table of a program. */
export const MAX_ENTRIES = 65536;

/** Bytes that a constant takes in the data part. */
export function constantBytes(constant: ConstantSpec): number {
  return constant.type === "i4"
    ? groupedBytes(constant as GroupedSpec)
    : constant.length * ELEMENT_BYTES[constant.type];
}
