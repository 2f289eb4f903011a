/**
 * Rearrangement of matrices and images.
 *
 * @module
 */

/** The elements in another order: element i of the result is the one at `order[i]`. */
export function arrange<T extends Float32Array | Int8Array>(elements: T, order: Int32Array): T {
  const arranged = elements.slice() as T;
  order.forEach((from, index) => arranged[index] = elements[from]);
  return arranged;
}

/** Order that brings [rows, columns] to [columns, rows], and so [channels, pixels] to [pixels, channels]. */
export function transposedOrder(rows: number, columns: number): Int32Array {
  return Int32Array.from({ length: rows * columns }, (_, index) => (index % rows) * columns + Math.floor(index / rows));
}
