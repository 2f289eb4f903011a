/**
 * The filters of PNG rows.
 *
 * @module
 */

import { ImageError } from "./image_error.ts";

/**
 * Undoes the filter of a row in place.
 *
 * @param filter 0 none, 1 sub, 2 up, 3 average, 4 Paeth.
 * @param row The row's bytes.
 * @param above The row above, zeros for the first.
 * @param step Bytes from a pixel to its neighbour, at least 1.
 * @throws {ImageError} If there is no such filter.
 */
export function unfilterRow(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  step: number,
): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < row.length; i++) row[i] += row[i - step];
      return;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] += above[i];
      return;
    case 3:
      for (let i = 0; i < row.length; i++) {
        row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
      }
      return;
    case 4:
      for (let i = 0; i < row.length; i++) {
        row[i] += i < step ? above[i] : paeth(row[i - step], above[i], above[i - step]);
      }
      return;
    default:
      throw new ImageError("corrupt", `The PNG file has a row with filter ${filter}, expected 0 to 4`);
  }
}

/** Whichever of the three is nearest to left + above - corner, in this order on ties. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
