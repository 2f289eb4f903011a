/**
 * Constant tensors, as an ONNX file holds them and as constants are folded.
 *
 * @module
 */

import { UnsupportedReason } from "./errors.ts";

/** Element types of constants. Integers and float64 are held in a Float64Array, the rest in a Float32Array. */
export type TensorType =
  | "float32"
  | "float16"
  | "float64"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** A constant with its elements in row-major order. */
export interface Tensor {
  type: TensorType;
  shape: number[];
  data: Float32Array | Float64Array;
}

/** Most elements a tensor may have; larger ones are refused before anything is allocated. */
export const MAXIMUM_ELEMENTS = 2 ** 28;

/** Elements that all constants may have together that are computed, beside some for each that was read. */
export const COMPUTED_ELEMENTS = 2 ** 24;

/** Elements that may be computed for each that was read. */
export const COMPUTED_PER_ELEMENT = 8;

/** Most dimensions a tensor may have. */
export const MAXIMUM_RANK = 8;

/** Whether a type is one of the floating-point types. */
export function isFloatType(type: TensorType): boolean {
  return type === "float32" || type === "float16" || type === "float64";
}

/** A new array that suits elements of a type. */
export function allocate(type: TensorType, count: number): Float32Array | Float64Array {
  return type === "float32" || type === "float16" ? new Float32Array(count) : new Float64Array(count);
}

/** Bits of the integer types whose arithmetic wraps around within the integers of a float64. */
const WRAPPED_BITS: Readonly<Partial<Record<TensorType, { bits: number; signed: boolean }>>> = {
  int32: { bits: 32, signed: true },
  int16: { bits: 16, signed: true },
  int8: { bits: 8, signed: true },
  uint32: { bits: 32, signed: false },
  uint16: { bits: 16, signed: false },
  uint8: { bits: 8, signed: false },
};

/**
 * How a type keeps a computed number: float16 is rounded, integers of up to 32
 * bits wrap around, and negative numbers are none of uint64. All else is kept
 * as it is; arrays round to float32.
 */
export function kept(type: TensorType): (value: number) => number {
  if (type === "float16") return Math.f16round;
  if (type === "uint64") return requireNonNegative;
  const wrapped = WRAPPED_BITS[type];
  if (!wrapped) return (value) => value;
  const { bits, signed } = wrapped;
  const [range, lowest] = [2 ** bits, signed ? -(2 ** (bits - 1)) : 0];
  return (value) => {
    const rest = (value - lowest) % range;
    return (rest < 0 ? rest + range : rest) + lowest;
  };
}

/** Wrapped around they would lie beyond the integers of a float64. */
function requireNonNegative(value: number): number {
  if (value < 0) throw new UnsupportedReason(`it makes uint64 of ${value}`);
  return value;
}

/** An int64 vector. */
export function integers(values: readonly number[]): Tensor {
  return { type: "int64", shape: [values.length], data: Float64Array.from(values) };
}
