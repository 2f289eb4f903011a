/**
 * Bytes that come in chunks of any size, gathered within a limit.
 *
 * @module
 */

const FIRST_BYTES = 65536;
/** Most bytes that are set aside upon a client's word. */
const MOST_EXPECTED_BYTES = 2 ** 20;

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
 * @param reserve Called before memory is set aside, with the number of bytes; may throw.
 * @param expected Number of bytes that are announced.
 * @param lead Bytes of the buffer before the first one, which align what comes later.
 */
export function createByteBuffer(
  maxBytes: number,
  reserve: (bytes: number) => void = () => {},
  expected: number = FIRST_BYTES,
  lead = 0,
): ByteBuffer {
  const first = Math.min(Math.max(1, expected), MOST_EXPECTED_BYTES);
  let buffer = new Uint8Array(0);
  let length = 0;
  return {
    append(chunk) {
      if (length + chunk.length > maxBytes) return false;
      if (lead + length + chunk.length > buffer.length) {
        const size = lead + Math.min(maxBytes, Math.max(first, length * 2, length + chunk.length));
        reserve(size - buffer.length);
        const larger = new Uint8Array(size);
        larger.set(buffer.subarray(0, lead + length));
        buffer = larger;
      }
      buffer.set(chunk, lead + length);
      length += chunk.length;
      return true;
    },
    bytes: () => buffer.subarray(lead, lead + length),
  };
}
