/**
 * The methods that choose the scale of an activation, by name.
 *
 * @module
 */

import type { Histogram } from "../observe/histogram.ts";
import type { Observation } from "../observe/statistics.ts";
import { entropyGrid } from "../scales/entropy.ts";
import { minMaxGrid } from "../scales/min_max.ts";
import { percentileGrid } from "../scales/percentile.ts";
import { qmseGrid } from "../scales/qmse.ts";
import { type Grid, scoreValues } from "../scales/score.ts";
import type { ScaleMethod } from "../settings.ts";

/** A grid, and the method that it is from. */
export interface GridChoice {
  /** The grid. */
  grid: Grid;
  /** The method asked for, or "minmax" where "qmse" gave way to it. */
  method: ScaleMethod;
}

/**
 * Chooses the grid of a value from what was seen of it.
 *
 * The histogram tells little of values that take few distinct levels: where the
 * grid of QMSE has more error than that of min-max on the raw values, it gives
 * way to it.
 *
 * @param percentile Percent of the values within each end of the range, for "percentile".
 */
export function chooseGrid({ histogram, raw }: Observation, method: ScaleMethod, percentile?: number): GridChoice {
  const grid = GRIDS[method](histogram, percentile);
  if (method !== "qmse") return { grid, method };
  const widest = minMaxGrid(histogram);
  return scoreValues(raw, grid) > scoreValues(raw, widest) ? { grid: widest, method: "minmax" } : { grid, method };
}

const GRIDS: Readonly<Record<ScaleMethod, (histogram: Histogram, percentile?: number) => Grid>> = {
  qmse: (histogram) => qmseGrid(histogram),
  minmax: (histogram) => minMaxGrid(histogram),
  percentile: (histogram, percentile) => percentileGrid(histogram, 255, percentile),
  entropy: (histogram) => entropyGrid(histogram),
};
