/**
 * Scalar reference of the choice of rows.
 *
 * @module
 */

/** Dimensions of rows [outer, length, inner] and of indices [count], or [outer, count] where batched. */
export interface GatherOptions {
  dimensions: readonly [outer: number, length: number, count: number, inner: number];
  batched: boolean;
}

/** Reference of "gather_f32", for indices of rows that there are. */
export function gatherF32(
  [rows, indices]: readonly [Float32Array, Float32Array],
  { dimensions: [outer, length, count, inner], batched }: GatherOptions,
): Float32Array {
  return Float32Array.from({ length: outer * count * inner }, (_, at) => {
    const [i, k] = [Math.floor(at / (count * inner)), Math.floor(at / inner) % count];
    const index = indices[batched ? i * count + k : k];
    return rows[(i * length + (index < 0 ? index + length : index)) * inner + at % inner];
  });
}
