/**
 * The error of a value's grid, split into rounding and clipping, over ranges
 * around the chosen one.
 *
 * @module
 */

import { BINS, type Histogram } from "../observe/histogram.ts";
import { type Grid, scoreGrid, snapGrid } from "../scales/score.ts";
import type { CurvePoint, Range } from "./details.ts";

const POINTS = 48;
/** Narrowest range of the curve, as a part of the widest. */
const NARROWEST = 1 / 16;

/** What a grid represents. */
export function rangeOf({ scale, zeroPoint, levels }: Grid): Range {
  return [zeroPoint === 0 ? 0 : -zeroPoint * scale, (levels - zeroPoint) * scale];
}

/** Mean squared error of a grid: of values beyond it by more than half a step, and of all others. */
export function splitError(histogram: Histogram, grid: Grid): { rounding: number; clipping: number } {
  const total = scoreGrid(histogram, grid);
  const { scale } = grid;
  const [low, high] = rangeOf(grid);
  let sum = 0;
  const add = (value: number, count: number) => {
    const edge = value > 0 ? high : low;
    const distance = Math.abs(value) - Math.abs(edge);
    if (distance > scale / 2) sum += count * distance ** 2;
  };
  if (histogram.exponent !== null) {
    const width = 2 ** histogram.exponent;
    for (let bin = 0; bin < BINS; bin++) {
      const centre = (bin + 0.5) * width;
      if (histogram.positive[bin] > 0) add(centre, histogram.positive[bin]);
      if (histogram.negative[bin] > 0) add(-centre, histogram.negative[bin]);
    }
  }
  histogram.atoms.forEach((atom, index) => add(atom, histogram.atomCounts[index]));
  const clipping = Math.min(total, histogram.count > 0 ? sum / histogram.count : 0);
  return { rounding: total - clipping, clipping };
}

/** The error over ranges of the chosen grid's shape, from a 16th of the values' range to all of it. */
export function thresholdCurve(histogram: Histogram, chosen: Grid): CurvePoint[] {
  if (histogram.exponent === null) return [];
  const [low, high] = rangeOf(chosen);
  const widest = Math.max(histogram.min < 0 ? histogram.min / low || 0 : 0, high > 0 ? histogram.max / high : 0, 1);
  return Array.from({ length: POINTS }, (_, index): CurvePoint => {
    const factor = widest * NARROWEST ** (1 - index / (POINTS - 1));
    const bottom = Math.max(low * factor, Math.min(histogram.min, 0));
    const top = Math.min(high * factor, Math.max(histogram.max, 0));
    const grid = snapGrid(bottom, top, chosen.levels);
    return { threshold: Math.max(high, -low) * factor, ...splitError(histogram, grid) };
  });
}
