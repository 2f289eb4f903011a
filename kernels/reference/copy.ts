/**
 * Scalar reference of the strided copies.
 *
 * @module
 */

/** Geometry of a copy, in elements; strides may be negative. */
export interface CopyOptions {
  inputOffset: number;
  outputOffset: number;
  dimensions: readonly number[];
  inputStrides: readonly number[];
  outputStrides: readonly number[];
}

/** Reference of "copy_8" and "copy_32": writes into `output`. */
export function copy<T extends Uint8Array | Uint32Array>(input: T, output: T, options: CopyOptions): void {
  const index = options.dimensions.map(() => 0);
  const total = options.dimensions.reduce((product, size) => product * size, 1);
  for (let step = 0; step < total; step++) {
    const at = (offset: number, strides: readonly number[]) =>
      index.reduce((sum, i, axis) => sum + i * strides[axis], offset);
    output[at(options.outputOffset, options.outputStrides)] = input[at(options.inputOffset, options.inputStrides)];
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === options.dimensions[axis]; axis--) index[axis] = 0;
  }
}
