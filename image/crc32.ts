/**
 * The checksum of PNG chunks.
 *
 * @module
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/**
 * Computes the cyclic redundancy check CRC-32 of ISO 3309.
 *
 * @param bytes Any bytes.
 * @returns An unsigned 32-bit integer.
 */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let index = 0; index < bytes.length; index++) {
    value = TABLE[(value ^ bytes[index]) & 255] ^ (value >>> 8);
  }
  return ~value >>> 0;
}
