/**
 * The inverse of packing: weights as [O][I / groups][height][width] again.
 *
 * @module
 */

/** A packing, which only moves elements and pads with zeros. */
export type Packing<Weights> = (weights: Weights) => Weights;

/** Positions are packed in parts of so many bits, which an int8 holds without its sign. */
const BITS = 7;

/**
 * Undoes a packing, whatever its order is: positions packed like weights say
 * where each weight went.
 *
 * @param packed Packed weights.
 * @param length Number of weights before packing.
 */
export function unpackWeights<Weights extends Int8Array | Float32Array>(
  packed: Weights,
  length: number,
  pack: Packing<Weights>,
): Weights {
  const create = (size: number) => new (packed.constructor as new (size: number) => Weights)(size);
  const positions = new Float64Array(packed.length);
  for (let unit = 1; unit <= length; unit *= 2 ** BITS) {
    const digits = create(length);
    for (let index = 0; index < length; index++) digits[index] = Math.floor((index + 1) / unit) % 2 ** BITS;
    pack(digits).forEach((digit, index) => positions[index] += digit * unit);
  }
  const weights = create(length);
  for (const [index, position] of positions.entries()) if (position > 0) weights[position - 1] = packed[index];
  return weights;
}
