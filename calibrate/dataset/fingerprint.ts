/**
 * Recognition of samples.
 *
 * @module
 */

import type { Sample } from "./dataset.ts";

/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 16;

/** The first half of the SHA-256 of a sample's values: of the prepared pixels, or of the float32 elements. */
export async function fingerprintOf(sample: Sample): Promise<Uint8Array> {
  const values = "tensor" in sample ? sample.tensor : sample.pixels;
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, FINGERPRINT_BYTES);
}
