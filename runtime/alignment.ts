/**
 * The alignment of all that lies in a bundle's data part or in the arena.
 *
 * @module
 */

/** Alignment in bytes of the data part, of constants and of tensors. */
export const ALIGNMENT = 64;

/** Rounds a byte offset up to the next multiple of {@linkcode ALIGNMENT}. */
export function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
