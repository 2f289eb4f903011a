/**
 * QMSE: the activation scale with the least mean squared error of rounding and
 * clipping together.
 *
 * @module
 */

import { BINS, type Histogram } from "../observe/histogram.ts";
import { minMaxGrid } from "./min_max.ts";
import { type Grid, LEAST_SCALE, scoreGrid, snapGrid } from "./score.ts";
import { clippingError, type SuffixSums, suffixSums } from "./suffix_sums.ts";

/** Candidates that are scored exactly after the scan. */
const FINALISTS = 8;
/** Thresholds from which the search of two-sided ranges starts, on each side. */
const COARSE = 64;
/** Most rounds of the search of two-sided ranges. */
const ROUNDS = 50;

/** A range by its bin edges: low x width below zero, high x width above it. */
interface Range {
  low: number;
  high: number;
  score: number;
}

/**
 * Chooses the grid of least QMSE.
 *
 * One-sided tensors: every bin edge from max / 64 up. Two-sided: a coarse grid
 * of ranges, then each side in turn over all edges to a fixed point. The best
 * few, min-max, and the halved grid of one bit less are scored exactly on the
 * grid that will run; ties go to the wider range.
 *
 * @param levels Greatest q: 2^bits - 1.
 */
export function qmseGrid(histogram: Histogram, levels = 255): Grid {
  const widest = minMaxGrid(histogram, levels);
  if (histogram.exponent === null) return widest;
  const width = 2 ** histogram.exponent;
  const finalists = candidateRanges(histogram, levels).map(({ low, high }) =>
    snapGrid(
      Math.max(-low * width, Math.min(0, histogram.min)),
      Math.min(high * width, Math.max(0, histogram.max)),
      levels,
    )
  );
  if (levels > 3) {
    const { scale, zeroPoint } = qmseGrid(histogram, (levels - 1) / 2);
    if (scale / 2 >= LEAST_SCALE) finalists.push({ scale: scale / 2, zeroPoint: zeroPoint * 2, levels });
  }
  let best = widest;
  let least = scoreGrid(histogram, widest);
  for (const grid of finalists) {
    const score = scoreGrid(histogram, grid);
    if (score < least || (score === least && grid.scale > best.scale)) [best, least] = [grid, score];
  }
  return best;
}

function candidateRanges(histogram: Histogram, levels: number): Range[] {
  const width = 2 ** histogram.exponent!;
  const above = suffixSums(withAtoms(histogram, 1), width);
  const below = suffixSums(withAtoms(histogram, -1), width);
  const top = topEdge(above);
  const bottom = topEdge(below);
  const inside = above.count[0] + below.count[0];
  const score = (low: number, high: number) => {
    const step = (low + high) * width / levels;
    const rounded = inside - below.count[low] - above.count[high];
    return step * step / 12 * rounded + clippingError(below, low) + clippingError(above, high);
  };
  if (bottom === 0) return scan(top, (high) => ({ low: 0, high, score: score(0, high) }));
  if (top === 0) return scan(bottom, (low) => ({ low, high: 0, score: score(low, 0) }));
  return searchPairs(bottom, top, score);
}

/** The best few of all edges from top / 64 to top. */
function scan(top: number, range: (edge: number) => Range): Range[] {
  const ranges: Range[] = [];
  for (let edge = Math.max(1, Math.floor(top / 64)); edge <= top; edge++) ranges.push(range(edge));
  return ranges.sort(byScore).slice(0, FINALISTS);
}

function searchPairs(bottom: number, top: number, score: (low: number, high: number) => number): Range[] {
  const starts: Range[] = [];
  for (const low of coarseEdges(bottom)) {
    for (const high of coarseEdges(top)) starts.push({ low, high, score: score(low, high) });
  }
  starts.sort(byScore);
  let { low, high } = starts[0];
  for (let round = 0; round < ROUNDS; round++) {
    const nextHigh = leastEdge(top, (edge) => score(low, edge));
    const nextLow = leastEdge(bottom, (edge) => score(edge, nextHigh));
    if (nextHigh === high && nextLow === low) break;
    [low, high] = [nextLow, nextHigh];
  }
  return [{ low, high, score: score(low, high) }, ...starts.slice(0, FINALISTS - 1)];
}

/** At most 64 edges from top / 64, at least 1, to top, at distances that grow as squares do: denser towards zero. */
function coarseEdges(top: number): number[] {
  const edges = new Set<number>();
  const least = Math.max(1, top / 64);
  for (let index = 0; index < COARSE; index++) {
    const fraction = index / (COARSE - 1);
    edges.add(Math.round(least + (top - least) * fraction * fraction));
  }
  return [...edges];
}

function leastEdge(top: number, score: (edge: number) => number): number {
  let best = top;
  let least = score(top);
  for (let edge = top - 1; edge >= 1; edge--) {
    const value = score(edge);
    if (value < least) [best, least] = [edge, value];
  }
  return best;
}

function byScore(a: Range, b: Range): number {
  return a.score - b.score || b.low + b.high - a.low - a.high;
}

/** The edge beyond which there is nothing. */
function topEdge({ count }: SuffixSums): number {
  let edge = BINS;
  while (edge > 0 && count[edge - 1] === 0) edge--;
  return edge;
}

/** Counts of one side with its atoms in their bins, for the clipping part of the scan. */
function withAtoms(histogram: Histogram, sign: 1 | -1): Float64Array {
  const side = sign > 0 ? histogram.positive : histogram.negative;
  if (histogram.atoms.length === 0) return side;
  const counts = side.slice();
  histogram.atoms.forEach((atom, index) => {
    if (Math.sign(atom) === sign) {
      counts[Math.floor(Math.abs(atom) * 2 ** -histogram.exponent!)] += histogram.atomCounts[index];
    }
  });
  return counts;
}
