/**
 * Expected squared error of quantising the values of a histogram: QMSE.
 *
 * @module
 */

import { quantizeValue } from "../../runtime/numerics/quantization.ts";
import { BINS, type Histogram } from "../observe/histogram.ts";
import type { ValueQuantization } from "../plan.ts";

/** The grid of a quantiser: real = scale x (q - zeroPoint), q from 0 to levels. */
export interface Grid extends ValueQuantization {
  /** Greatest q: 255 at 8 bits. */
  levels: number;
}

/** The least scale: below it, a bias in units of the scale would leave int32. */
export const LEAST_SCALE = 2 ** -100;

/**
 * The grid over a range, with zero on a grid point and the scale a float32.
 *
 * @param low At most 0.
 * @param high At least 0.
 * @param levels Greatest q.
 */
export function snapGrid(low: number, high: number, levels: number): Grid {
  if (high - low < LEAST_SCALE * levels) {
    return { scale: high === low ? 1 : Math.fround(LEAST_SCALE), zeroPoint: 0, levels };
  }
  const scale = Math.fround(high / levels - low / levels);
  const zeroPoint = Math.min(levels, Math.max(0, quantizeLow(low, scale)));
  return { scale, zeroPoint, levels };
}

function quantizeLow(low: number, scale: number): number {
  const value = -low / scale;
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/**
 * Mean squared error of a grid on a histogram, rounding and clipping together.
 *
 * Values are taken as uniform within their bins and the squared error is
 * integrated exactly; zeros cost nothing, atoms what they cost.
 */
export function scoreGrid(histogram: Histogram, grid: Grid): number {
  if (histogram.count === 0) return 0;
  let sum = 0;
  if (histogram.exponent !== null) {
    const width = 2 ** histogram.exponent;
    const high = grid.levels - grid.zeroPoint;
    sum += sideError(histogram.positive, width, grid.scale, high);
    sum += sideError(histogram.negative, width, grid.scale, grid.zeroPoint);
  }
  histogram.atoms.forEach((atom, index) => {
    const step = clampedStep(atom, grid);
    sum += histogram.atomCounts[index] * (atom - step * grid.scale) ** 2;
  });
  return sum / histogram.count;
}

/** Mean squared error of a grid on raw values. */
export function scoreValues(values: Float32Array, grid: Grid): number {
  let sum = 0;
  for (const value of values) sum += (value - clampedStep(value, grid) * grid.scale) ** 2;
  return values.length === 0 ? 0 : sum / values.length;
}

function clampedStep(value: number, { scale, zeroPoint, levels }: Grid): number {
  if (levels === 255) return quantizeValue(value, Math.fround(1 / scale), zeroPoint) - zeroPoint;
  return Math.min(levels - zeroPoint, Math.max(-zeroPoint, Math.round(value / scale)));
}

/** Error of the magnitudes on one side of zero, of which `steps` grid points lie there. */
function sideError(counts: Float64Array, width: number, scale: number, steps: number): number {
  let sum = 0;
  let before = 0;
  const inverse = 1 / width;
  for (let bin = 0; bin < BINS; bin++) {
    const after = integral((bin + 1) * width, scale, steps);
    const count = counts[bin];
    if (count > 0) sum += count * (after - before) * inverse;
    before = after;
  }
  return sum;
}

/** Integral of the squared error from 0 to x, for a quantiser with grid points 0 .. steps times the scale. */
function integral(x: number, scale: number, steps: number): number {
  const index = Math.min(steps, Math.floor(x / scale + 0.5));
  const offset = x - index * scale;
  return index * scale * scale * scale / 12 + offset * offset * offset / 3;
}
