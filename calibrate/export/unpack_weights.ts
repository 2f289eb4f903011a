/**
 * The inverse of packing: weights as [O][I / groups][height][width] again.
 *
 * @module
 */

/** Bits of a position that one int8 holds without its sign. */
const BITS = 7;

/**
 * Undoes a packing, whatever its order is: positions packed like weights say
 * where each weight went.
 *
 * @param packed Packed weights.
 * @param length Number of weights before packing.
 * @param pack The packing, which only moves elements and pads with zeros.
 */
export function unpackWeights<Weights extends Int8Array | Float32Array>(
  packed: Weights,
  length: number,
  pack: (weights: Int8Array) => Int8Array,
): Weights {
  const positions = new Float64Array(packed.length);
  for (let shift = 0; 2 ** shift <= length; shift += BITS) {
    const plane = Int8Array.from({ length }, (_, index) => Math.floor((index + 1) / 2 ** shift) % 2 ** BITS);
    pack(plane).forEach((digit, index) => positions[index] += digit * 2 ** shift);
  }
  const weights = new (packed.constructor as new (length: number) => Weights)(length);
  positions.forEach((position, index) => {
    if (position > 0) weights[position - 1] = packed[index];
  });
  return weights;
}
