/**
 * The bits of a float32 in a parameter block.
 *
 * @module
 */

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a float32 as the integer word that holds them in a parameter block. */
export function floatWord(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}
