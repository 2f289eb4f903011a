/**
 * Bytes that come in chunks of any size, gathered within a limit.
 *
 * @module
 */

const FIRST_BYTES = 65536;

/** A buffer that grows; chunks of one byte cost no more than one large chunk. */
export interface ByteBuffer {
  /**
   * Appends a chunk.
   *
   * @returns Whether the limit still holds.
   */
  append(chunk: Uint8Array): boolean;
  /** All bytes so far. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/**
 * Makes an empty buffer.
 *
 * @param maxBytes Most bytes that it may hold.
 */
export function createByteBuffer(maxBytes: number): ByteBuffer {
  let buffer = new Uint8Array(0);
  let length = 0;
  return {
    append(chunk) {
      if (length + chunk.length > maxBytes) return false;
      if (length + chunk.length > buffer.length) {
        const larger = new Uint8Array(
          Math.min(maxBytes, Math.max(FIRST_BYTES, buffer.length * 2, length + chunk.length)),
        );
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk, length);
      length += chunk.length;
      return true;
    },
    bytes: () => buffer.subarray(0, length),
  };
}
