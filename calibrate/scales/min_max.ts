/**
 * The min-max scale: the whole range seen.
 *
 * @module
 */

import type { Histogram } from "../observe/histogram.ts";
import { type Grid, snapGrid } from "./score.ts";

/** The grid over the least and the greatest value, zero included. */
export function minMaxGrid(histogram: Histogram, levels = 255): Grid {
  if (histogram.count === 0) return snapGrid(0, 0, levels);
  return snapGrid(Math.min(0, histogram.min), Math.max(0, histogram.max), levels);
}
