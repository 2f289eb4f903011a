/**
 * The file of a bundle.
 *
 * @module
 */

import type { Bundle } from "./read.ts";

/**
 * The bytes of the file that a bundle was read from.
 *
 * @param bundle A bundle that has not been given to a model that uses its memory in place.
 * @returns A view on the whole file.
 */
export function bundleBytes({ data, sizes }: Bundle): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset - sizes.header, sizes.total);
}
