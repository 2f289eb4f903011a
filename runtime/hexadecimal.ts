/**
 * Bytes as text.
 *
 * @module
 */

/** Lower-case hexadecimal text of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
