/**
 * Base64, in which tests keep small files.
 *
 * @module
 */

/**
 * Decodes base64.
 *
 * @param text Base64 with padding.
 * @returns The bytes.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
