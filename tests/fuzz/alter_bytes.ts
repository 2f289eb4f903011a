/**
 * Alterations of bytes of any format.
 *
 * @module
 */

import { joinBytes } from "../../runtime/http/protocol/join_bytes.ts";
import type { Random } from "../support/random.ts";
import type { Bytes } from "./fuzz_kind.ts";

/** Numbers at the edges of what formats hold. */
const EDGES = [
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  32767,
  32768,
  65535,
  65536,
  2 ** 24,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** Alters bytes in one way that is drawn. @param other A file that parts are taken from. */
export function alterBytes(bytes: Bytes, draw: Random, other: Bytes): Bytes {
  const { integer, pick } = draw;
  if (bytes.length === 0) return other.slice();
  const at = integer(0, bytes.length - 1);
  const copy = bytes.slice();
  switch (integer(0, 9)) {
    case 0:
    case 1:
      copy[at] ^= 1 << integer(0, 7);
      return copy;
    case 2:
      copy[at] = integer(0, 255);
      return copy;
    case 3:
    case 4:
      return withNumber(copy, at, draw);
    case 5:
      return copy.slice(0, at);
    case 6: {
      const length = integer(1, Math.min(64, bytes.length - at));
      return joinBytes([bytes.subarray(0, at), bytes.subarray(at + length)]);
    }
    case 7: {
      const length = integer(1, Math.min(64, bytes.length - at));
      return joinBytes([bytes.subarray(0, at + length), bytes.subarray(at)]);
    }
    case 8: {
      const from = integer(0, Math.max(0, other.length - 1));
      const part = other.subarray(from, from + integer(1, 256));
      return joinBytes([
        bytes.subarray(0, at),
        part,
        bytes.subarray(pick([at, Math.min(bytes.length, at + part.length)])),
      ]);
    }
    default: {
      const end = Math.min(bytes.length, at + integer(1, 16));
      for (let index = at; index < end; index++) copy[index] = integer(0, 255);
      return copy;
    }
  }
}

/** Writes a number at the edge of a type, of 2 or 4 bytes in any order. */
function withNumber(bytes: Bytes, at: number, { pick }: Random): Bytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [value, little] = [pick(EDGES), pick([true, false])];
  if (at + 4 <= bytes.length && pick([true, false])) view.setUint32(at, value, little);
  else if (at + 2 <= bytes.length) view.setUint16(at, value & 0xffff, little);
  else bytes[at] = value & 0xff;
  return bytes;
}
