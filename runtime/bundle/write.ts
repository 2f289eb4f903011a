/**
 * Writing of bundles.
 *
 * @module
 */

import { align } from "../alignment.ts";
import { writeStep } from "../kernels/registry.ts";
import type { Program } from "../program.ts";
import { DIGEST_BYTES, MAGIC, PREFIX_BYTES } from "./format.ts";
import { versionOf } from "./versions.ts";

/**
 * Serialises a program and its constants to the bytes of a bundle.
 *
 * The same program and data give the same bytes.
 *
 * @param program Tables of the bundle; constant offsets count from the start of `data`.
 * @param data The constants, each at a multiple of 64 bytes.
 * @returns The file: prefix, header, padding, data, SHA-256 of all before it.
 */
export async function writeBundle(program: Program, data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const header = new TextEncoder().encode(JSON.stringify({ ...program, steps: program.steps.map(writeStep) }, shorten));
  const dataOffset = align(PREFIX_BYTES + header.length);
  const bytes = new Uint8Array(dataOffset + data.length + DIGEST_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, versionOf(program), true);
  view.setUint32(12, header.length, true);
  view.setUint32(16, data.length, true);
  bytes.set(header, PREFIX_BYTES);
  bytes.set(data, dataOffset);
  const end = bytes.length - DIGEST_BYTES;
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, end))), end);
  return bytes;
}

/** Gives a float32 value the fewest decimal digits that still round to it. */
function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
