/**
 * The distributions behind the scales of a network.
 *
 * @module
 */

import { type Histogram, uniteHistograms } from "../observe/histogram.ts";
import type { Observation, Statistics } from "../observe/statistics.ts";
import type { ScaleMethod } from "../settings.ts";
import type { Planning } from "../stages/planning.ts";
import type { PreparedNetwork } from "../stages/prepare_network.ts";
import type { QuantizedNetwork } from "../stages/quantize_network.ts";
import type { TensorDetails } from "./details.ts";
import { rangeOf, splitError, thresholdCurve } from "./threshold_curve.ts";

const METHODS: readonly ScaleMethod[] = ["minmax", "percentile", "entropy", "qmse"];
/** Most bars of a histogram. */
const BARS = 96;

/** Describes every group of values that shares a scale and is 8 bits somewhere in the program. */
export async function describeTensors(
  { graph, groups }: PreparedNetwork,
  statistics: Statistics,
  { program, choices }: QuantizedNetwork,
  planning: Planning,
): Promise<TensorDetails[]> {
  const names = new Map(graph.nodes.map(({ name, output }) => [output, name]));
  const order = new Map([...names.keys()].map((output, index) => [output, index]));
  const used = groups.map((group) => ({
    ...group,
    members: group.members.filter((member) => program.places.get(member)?.u8 !== undefined),
  })).filter(({ members, sources }) => members.length > 0 && sources.length > 0);
  used.sort((a, b) => (order.get(a.sources[0]) ?? -1) - (order.get(b.sources[0]) ?? -1));
  const observations = used.map(({ sources }): Observation => {
    const observed = sources.map((source) => statistics.values.get(source)!);
    if (observed.length === 1) return observed[0];
    return { histogram: uniteHistograms(observed.map(({ histogram }) => histogram)), raw: observed[0].raw };
  });
  const ranges = used.map((): Partial<TensorDetails["ranges"]> => ({}));
  for (const method of METHODS) {
    const choices = await planning.chooseGrids(observations, method);
    choices.forEach(({ grid }, index) => ranges[index][method] = rangeOf(grid));
  }
  return used.map(({ members, sources }, index): TensorDetails => {
    const { histogram } = observations[index];
    const { scale, zeroPoint } = program.program.tensors[program.places.get(members[0])!.u8!];
    const factors = program.factors.get(members[0]);
    const [narrowest, widest] = factors ? [Math.min(...factors), Math.max(...factors)] : [1, 1];
    const grid = { scale: scale! * widest, zeroPoint: zeroPoint!, levels: 255 };
    return {
      names: [...new Set(sources.map((source) => names.get(source) ?? source))],
      histogram: thinned(histogram),
      zeros: histogram.count > 0 ? histogram.zeros / histogram.count : 0,
      ranges: ranges[index] as TensorDetails["ranges"],
      method: choices.get(members[0])!.method,
      chosen: rangeOf(grid),
      // One histogram of all channels tells nothing of the errors of grids that differ.
      ...(factors
        ? { narrowest: narrowest / widest, curve: [], error: { rounding: 0, clipping: 0 } }
        : { curve: thresholdCurve(histogram, grid), error: splitError(histogram, grid) }),
    };
  });
}

/** A histogram in a few bars that reach from the least to the greatest value. */
function thinned({ exponent, count, min, max, positive, negative }: Histogram): TensorDetails["histogram"] {
  if (exponent === null) return { low: 0, width: 0, shares: [] };
  const bin = 2 ** exponent;
  const low = Math.min(min, 0);
  const width = (Math.max(max, 0) - low) / BARS;
  const shares = new Array<number>(BARS).fill(0);
  const add = (value: number, share: number) => {
    if (share > 0) shares[Math.min(BARS - 1, Math.max(0, Math.floor((value - low) / width)))] += share / count;
  };
  positive.forEach((share, index) => add((index + 0.5) * bin, share));
  negative.forEach((share, index) => add(-(index + 0.5) * bin, share));
  return { low, width, shares };
}
