/**
 * Parsing of JSON from outside.
 *
 * @module
 */

import { HttpError } from "../http_error.ts";

/** Brackets that may be open at once; parsing time grows steeply with deep nesting. */
const DEEPEST_NESTING = 16;

/**
 * Parses JSON after a look at how deep it is nested.
 *
 * @param bytes JSON in UTF-8.
 * @returns The value.
 * @throws {HttpError} 400 if it is too deep, not UTF-8, or not JSON.
 */
export function parseJson(bytes: Uint8Array): unknown {
  if (deepestNesting(bytes) > DEEPEST_NESTING) {
    throw new HttpError(400, `The JSON body is nested more than ${DEEPEST_NESTING} deep`);
  }
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, "The JSON body is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, "The body is not JSON");
  }
}

/** The most brackets that are open at once, outside strings. */
function deepestNesting(bytes: Uint8Array): number {
  const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, [0x5b, 0x7b], [0x5d, 0x7d]];
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN[0] || byte === OPEN[1]) {
      deepest = Math.max(deepest, ++depth);
    } else if (byte === CLOSE[0] || byte === CLOSE[1]) {
      depth--;
    }
  }
  return deepest;
}
