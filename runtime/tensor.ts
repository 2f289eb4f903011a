/**
 * Tensors and constants of a program: what is known of them without their
 * elements. `docs/format.md` is the normative description.
 *
 * @module
 */

/** Element type of a tensor in the arena. */
export type TensorType = "u8" | "f32";

/** Element type of a constant, as steps see it. */
export type ElementType = "i8" | "u8" | "i32" | "f32";

/** How a constant lies in the data part of a bundle; "i4" is expanded to "i8" when it is loaded. */
export type ConstantType = ElementType | "i4";

/** A tensor in the arena, channels last. Real value = scale x (q - zeroPoint). */
export interface TensorSpec {
  /** Name of the value in the source network. */
  name: string;
  /** Element type. */
  type: TensorType;
  /** Dimensions as the kernels see them: [batch, height, width, channels] for images. */
  shape: number[];
  /** Byte offset in the arena, a multiple of 64. */
  offset: number;
  /** Scale of a "u8" tensor, an exact float32. */
  scale?: number;
  /** Zero point of a "u8" tensor, 0 to 255. */
  zeroPoint?: number;
}

/** A constant in the data part of a bundle. */
export interface ConstantSpec {
  /** Element type. */
  type: ConstantType;
  /** Byte offset in the data part, a multiple of 64. */
  offset: number;
  /** Number of elements, as steps see it. */
  length: number;
  /** Of "i4": rows of 32 elements in a panel. */
  rows?: number;
  /** Of "i4": rows in a panel that share their multipliers. */
  group?: number;
}

/** Bytes of one element of each tensor type, and of each constant type but "i4". */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { u8: 1, i8: 1, i32: 4, f32: 4 };

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  let product = 1;
  for (let axis = 0; axis < shape.length; axis++) product *= shape[axis];
  return product;
}

/** Bytes that a tensor takes in the arena. */
export function tensorBytes({ shape, type }: Pick<TensorSpec, "shape" | "type">): number {
  return elementCount(shape) * ELEMENT_BYTES[type];
}
