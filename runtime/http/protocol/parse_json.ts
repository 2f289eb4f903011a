/**
 * Parsing of JSON from outside.
 *
 * @module
 */

import { HttpError } from "../http_error.ts";

/** Limits on what takes long to parse: brackets open at once, lists and objects, names in objects, commas. */
const MOST = { depth: 16, lists: 2 ** 18, names: 2 ** 14, commas: 2 ** 22 };

/** Bytes that matter outside strings. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];

/**
 * Parses JSON after a look at its structure: a few megabytes of brackets would
 * keep the parser busy for seconds.
 *
 * @param bytes JSON in UTF-8.
 * @returns The value.
 * @throws {HttpError} 400 if it is too deep, has too many parts, is not UTF-8, or not JSON.
 */
export function parseJson(bytes: Uint8Array): unknown {
  checkStructure(bytes);
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

function checkStructure(bytes: Uint8Array): void {
  let [depth, lists, names, commas] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfString(bytes, at + 1);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > MOST.depth) throw new HttpError(400, `The JSON body is nested more than ${MOST.depth} deep`);
        lists++;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COLON:
        names++;
        break;
      case COMMA:
        commas++;
    }
  }
  if (lists > MOST.lists) throw new HttpError(400, `The JSON body has more than ${MOST.lists} lists and objects`);
  if (names > MOST.names) throw new HttpError(400, `The JSON body has more than ${MOST.names} names`);
  if (commas > MOST.commas) throw new HttpError(400, `The JSON body has more than ${MOST.commas} commas`);
}

/** Position of the quote that ends a string, or the end of the bytes. */
function endOfString(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
