/**
 * Writing of NumPy's `.npy` files, version 1.
 *
 * @module
 */

/**
 * Makes the bytes of a file.
 *
 * @param shape Dimensions, outermost first.
 * @param data Elements, row-major.
 * @returns The file; its data start at a multiple of 64.
 * @throws {RangeError} If the shape doesn't fit the number of elements.
 */
export function writeNpy(
  shape: readonly number[],
  data: Uint8Array | Int32Array | Float32Array,
): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (
    count !== data.length ||
    shape.some((size) => !Number.isInteger(size) || size < 0)
  ) {
    throw new RangeError(
      `A shape of ${shape.join("x")} does not fit ${data.length} elements`,
    );
  }
  const type = data instanceof Uint8Array ? "|u1" : data instanceof Int32Array ? "<i4" : "<f4";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const offset = Math.ceil((10 + text.length + 1) / 64) * 64;
  const file = new Uint8Array(offset + data.byteLength);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(file.buffer).setUint16(8, offset - 10, true);
  file.set(new TextEncoder().encode(text.padEnd(offset - 11) + "\n"), 10);
  file.set(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    offset,
  );
  return file;
}
