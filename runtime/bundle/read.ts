/**
 * Reading of bundles: from untrusted bytes to a checked program, without
 * allocating anything larger than the file itself.
 *
 * @module
 */

import { align } from "../alignment.ts";
import { BundleError } from "../errors.ts";
import { toHex } from "../hexadecimal.ts";
import type { Program, ProgramData } from "../program.ts";
import { checkConstantData } from "./check_constant_data.ts";
import { checkProgram } from "./check_program.ts";
import { DIGEST_BYTES, MAGIC, MAX_HEADER_BYTES, MAX_PART_BYTES, PREFIX_BYTES } from "./format.ts";
import { checkFreeSizes } from "./free_sizes.ts";
import { upgradeProgram } from "./upgrade.ts";
import { requireKnownVersion, requireOwnVersion } from "./versions.ts";

/** A checked program with its constants: views on the file's bytes. */
export interface Bundle extends ProgramData {
  /** SHA-256 of the file less its last 32 bytes, in hexadecimal; also those last 32 bytes. */
  hash: string;
  /** Bytes of each part of the file. */
  sizes: { header: number; data: number; total: number };
}

/**
 * Reads and checks the bytes of a bundle.
 *
 * @param bytes The whole file.
 * @returns The program, with views on `bytes`.
 * @throws {BundleError} Where the file is not a bundle, is truncated, altered, or inconsistent.
 */
export async function readBundle(bytes: Uint8Array): Promise<Bundle> {
  if (bytes.length < MAGIC.length || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new BundleError("Not an Octet bundle: the first eight bytes are wrong", 0);
  }
  if (bytes.length < PREFIX_BYTES + DIGEST_BYTES) {
    throw new BundleError(`Truncated bundle: ${bytes.length} bytes are less than the shortest bundle`, bytes.length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  requireKnownVersion(version);
  const header = view.getUint32(12, true);
  const data = view.getUint32(16, true);
  if (header > MAX_HEADER_BYTES) throw new BundleError(`Header of ${header} bytes is over the limit`, 12);
  if (data > MAX_PART_BYTES) throw new BundleError(`Data of ${data} bytes is over the limit`, 16);
  if (view.getUint32(20, true) !== 0) throw new BundleError("Reserved word is not zero", 20);
  const dataOffset = align(PREFIX_BYTES + header);
  const total = dataOffset + data + DIGEST_BYTES;
  if (bytes.length !== total) {
    const what = bytes.length < total ? "Truncated bundle" : "Trailing bytes after the bundle";
    throw new BundleError(`${what}: the file has ${bytes.length} bytes, its header says ${total}`, bytes.length);
  }
  // The digest is worked out in another thread while the content is checked; an altered file is reported as one.
  const constants = bytes.subarray(dataOffset, dataOffset + data);
  const [hash, program] = await Promise.allSettled([
    checkDigest(bytes),
    checkContent(bytes, version, header, constants),
  ]);
  if (hash.status === "rejected") throw hash.reason;
  if (program.status === "rejected") throw program.reason;
  return {
    program: upgradeProgram(program.value, version),
    data: constants,
    hash: hash.value,
    sizes: { header: dataOffset, data, total },
  };
}

/** Checks all between the prefix and the digest; asynchronous only so that its errors can wait for the digest. */
// deno-lint-ignore require-await
async function checkContent(bytes: Uint8Array, version: number, header: number, data: Uint8Array): Promise<Program> {
  const end = PREFIX_BYTES + header;
  for (let offset = end; offset < align(end); offset++) {
    if (bytes[offset] !== 0) throw new BundleError("Padding after the header is not zero", offset);
  }
  const fields = parseHeader(bytes.subarray(PREFIX_BYTES, end));
  const program = checkProgram(fields, data.length);
  checkConstantData(program, data);
  const { free } = fields as { free?: unknown };
  if (free !== undefined) program.free = checkFreeSizes(free, program, data);
  requireOwnVersion(version, program);
  return program;
}

async function checkDigest(bytes: Uint8Array): Promise<string> {
  const end = bytes.length - DIGEST_BYTES;
  const content = bytes.subarray(0, end) as Uint8Array<ArrayBuffer>;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  if (digest.some((byte, index) => bytes[end + index] !== byte)) {
    throw new BundleError("Altered bundle: its SHA-256 does not match its content", end);
  }
  return toHex(digest);
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new BundleError("Header is not JSON in UTF-8", PREFIX_BYTES);
  }
}
