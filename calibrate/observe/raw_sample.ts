/**
 * A choice of a tensor's elements that stands for all of them.
 *
 * @module
 */

/**
 * Elements of a tensor at a fixed stride, which has no factor in common with
 * the number of channels: so the elements come from all channels alike.
 *
 * @param data Elements with the channels last.
 * @param channels Length of the last dimension.
 * @param count Most elements to choose; fewer where the tensor has fewer.
 */
export function rawSample(data: Float32Array, channels: number, count: number): Float32Array {
  if (count === 0) return new Float32Array(0);
  let stride = Math.max(1, Math.ceil(data.length / count));
  while (greatestCommonDivisor(stride, channels) > 1) stride++;
  return Float32Array.from({ length: Math.ceil(data.length / stride) }, (_, index) => data[index * stride]);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
