/**
 * The methods that choose the scale of an activation, by name.
 *
 * @module
 */

import type { Observation } from "../observe/statistics.ts";
import { entropyGrid } from "../scales/entropy.ts";
import { minMaxGrid } from "../scales/min_max.ts";
import { percentileGrid } from "../scales/percentile.ts";
import { qmseGrid } from "../scales/qmse.ts";
import type { Grid } from "../scales/score.ts";

/** Methods that choose activation scales. */
export type ScaleMethod = "qmse" | "minmax" | "percentile" | "entropy";

/** Chooses the grid of a value from what was seen of it. */
export function chooseGrid({ histogram, raw }: Observation, method: ScaleMethod): Grid {
  switch (method) {
    case "qmse":
      return qmseGrid(histogram, raw);
    case "minmax":
      return minMaxGrid(histogram);
    case "percentile":
      return percentileGrid(histogram);
    case "entropy":
      return entropyGrid(histogram);
  }
}
