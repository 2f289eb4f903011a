/**
 * The elements of constants in the data part of a bundle.
 *
 * @module
 */

import type { ConstantSpec } from "../tensor.ts";
import { constantBytes } from "./format.ts";
import { expandWeights, isGrouped } from "./grouped_weights.ts";

/** Elements of a constant. */
export type ConstantElements = Int8Array | Uint8Array | Int32Array | Float32Array;

/** The bytes of a constant in the data part; a view. */
export function storedBytes(constant: ConstantSpec, data: Uint8Array): Uint8Array {
  return data.subarray(constant.offset, constant.offset + constantBytes(constant));
}

/** The elements of a constant as steps see them; a copy, because the file's bytes may lie at any address. */
export function constantElements(constant: ConstantSpec, data: Uint8Array): ConstantElements {
  const stored = storedBytes(constant, data);
  if (isGrouped(constant)) {
    const elements = new Int8Array(constant.length);
    expandWeights(constant, stored, new Uint16Array(elements.buffer));
    return elements;
  }
  const { buffer } = new Uint8Array(stored);
  switch (constant.type) {
    case "i4":
    case "i8":
      return new Int8Array(buffer);
    case "u8":
      return new Uint8Array(buffer);
    case "i32":
      return new Int32Array(buffer);
    case "f32":
      return new Float32Array(buffer);
  }
}
