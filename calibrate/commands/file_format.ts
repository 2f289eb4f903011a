/**
 * Telling the formats of files apart.
 *
 * @module
 */

import { MAGIC } from "../../runtime/bundle/format.ts";
import { FormatError } from "../../runtime/errors.ts";
import { looksLikeOnnx } from "../inspect/describe_network.ts";

/** The letters that a bundle begins with; those after them show damage by a text-mode transfer. */
const WORD_BYTES = 5;

/**
 * Tells whether a file is a bundle or an ONNX model by its first bytes.
 *
 * @throws {SyntaxError} Where it is empty or neither.
 */
export function fileFormat(bytes: Uint8Array): "octet" | "onnx" {
  if (bytes.length === 0) throw new FormatError("The file is empty");
  if (MAGIC.subarray(0, WORD_BYTES).every((byte, index) => bytes[index] === byte)) return "octet";
  if (!looksLikeOnnx(bytes)) throw new FormatError("The file is neither an Octet bundle nor an ONNX model");
  return "onnx";
}
