/**
 * The linear memory of an instance of the kernels.
 *
 * @module
 */

import { InputRangeError } from "./errors.ts";
import type { ElementView } from "./kernels/definition.ts";
import { type ConstantType, ELEMENT_BYTES, type TensorType } from "./tensor.ts";

const PAGE_BYTES = 65536;

/**
 * Makes a memory have at least that many bytes.
 *
 * @throws {RangeError} Where the memory cannot be had.
 */
export function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch {
    throw new InputRangeError(`Cannot set aside ${bytes} bytes of memory for the network`);
  }
}

/** A view on elements in a memory. */
export function viewElements(
  memory: WebAssembly.Memory,
  type: TensorType | ConstantType,
  address: number,
  length: number,
): ElementView {
  switch (type) {
    case "u8":
      return new Uint8Array(memory.buffer, address, length * ELEMENT_BYTES.u8);
    case "i4":
    case "i8":
      return new Int8Array(memory.buffer, address, length);
    case "i32":
      return new Int32Array(memory.buffer, address, length);
    case "f32":
      return new Float32Array(memory.buffer, address, length);
  }
}
