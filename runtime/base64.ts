/**
 * Decoding of base64.
 *
 * @module
 */

/**
 * Decodes base64, by the engine's own decoder where it has one.
 *
 * @param text Base64 with padding.
 * @returns The bytes.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const decoder = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (decoder.fromBase64) return decoder.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
