/**
 * Grids for each channel of a network's values, where they cost nothing at run
 * time.
 *
 * @module
 */

import type { ChannelLinker } from "../graph/channel_links.ts";
import type { FormChoice } from "../graph/form.ts";
import type { Graph } from "../graph/graph.ts";
import type { LayerNode } from "../graph/layers.ts";
import {
  type ChannelHistograms,
  closeEnds,
  createChannelHistograms,
  observeChannels,
} from "../observe/channel_histograms.ts";
import type { ValueQuantization } from "../plan.ts";
import type { ParameterGroup } from "../quantize/observed_values.ts";
import type { WeightBits, WeightGranularity } from "../settings.ts";
import { chooseSteps, type GridRow, type GridRows } from "./choose_steps.ts";
import type { CurveGrids } from "./channel_side.ts";
import { errorCurves } from "./error_curve.ts";
import { channelsOf, freeChannels, isFixed, limitOf } from "./free_channels.ts";
import { factorOf } from "./lattice.ts";
import { noiseGains } from "./noise_gains.ts";
import { LayerNoise } from "./weight_noise.ts";

/** A layer whose weights will be 8 or 4 bits. */
export interface GridLayer {
  layer: LayerNode;
  bits: WeightBits;
  /** Weights that share a step at 4 bits; all of a channel where 0. */
  group: number;
  granularity: WeightGranularity;
  /** Mean square of each channel that the layer reads. */
  energies: Float64Array;
}

/** What grids are chosen from. */
export interface ChannelGridOptions {
  forms: FormChoice;
  groups: readonly ParameterGroup[];
  /** What was seen of each channel of the values that are computed. */
  seen: ReadonlyMap<string, ChannelHistograms>;
  /** The grid of each group where all its channels have one. */
  grids: readonly ValueQuantization[];
  layers: readonly GridLayer[];
  /** Grids chosen before, for other forms of the network, that are kept as far as channels may have them. */
  like?: ReadonlyMap<string, ValueQuantization> | undefined;
}

/** What keeps the end of a grid, whose scale is rounded to float32, at or below a bound. */
const BELOW = 1 - 2 ** -21;

/**
 * Chooses the grids of all values whose channels may have grids of their own.
 *
 * @returns By the name of the value; the others are left out.
 */
export function chooseChannelGrids(graph: Graph, options: ChannelGridOptions): Map<string, ValueQuantization> {
  const { forms, groups, seen, grids, layers } = options;
  const links = freeChannels(graph, options);
  if (options.like) return keepGrids(links, { forms, groups, like: options.like });
  const numbers = numberFactors(links, groups, forms);
  const gains = noiseGains(graph, links, seen);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const chosen = groups.map((group, index) => ({ group, grid: grids[index] })).filter(({ group }) =>
    group.members.some((member) => forms.needed.get(member)?.has("u8") && !isFixed(links, member))
  );
  const anchored = chosen.map(({ group, grid: { scale, zeroPoint } }) => {
    const free = group.sources.filter((source) => !isFixed(links, source));
    const limit = Math.min(...free.map((source) => limitOf(producers.get(source))));
    const isLimited = limit < Infinity;
    const anchor = isLimited ? limit / (255 - zeroPoint) * BELOW : scale;
    return { group, zeroPoint, anchor, limit, most: isLimited ? 0 : Infinity };
  });
  const rows = anchored.map(({ group, most, ...curves }): GridRows => ({
    rows: rowsOf(links, { group, seen, numbers, gains, curves }),
    most,
  }));
  const values = new Float64Array(numbers.size).fill(1);
  const numbersOf = (value: string) =>
    Int32Array.from(channelsOf(links, value), (channel) => numbers.get(links.root(channel)) ?? -1);
  const noises = layers.map(({ layer, ...rest }) =>
    new LayerNoise(layer, {
      ...rest,
      gains: gains.get(layer.output)!,
      inputFactors: numbersOf(layer.inputs[0]),
      outputFactors: numbersOf(layer.output),
    }, values)
  ).filter(({ factors }) => factors.length > 0);
  const { scales, factors: steps } = chooseSteps(rows, noises, values);
  balance(rows, scales, steps);
  return new Map(anchored.flatMap(({ group, zeroPoint, anchor }, index) => {
    const scale = Math.fround(anchor * factorOf(scales[index]));
    return group.members.filter((member) => forms.needed.get(member)?.has("u8")).map(
      (member): [string, ValueQuantization] => {
        const own = numbersOf(member);
        const factors = Float64Array.from(own, (number) => number < 0 ? 1 : factorOf(steps[number]));
        // What makes a value whose channels are all fixed may know no factors.
        return [member, { scale, zeroPoint, ...(own.some((number) => number >= 0) && { factors }) }];
      },
    );
  }));
}

/** Those of the grids that were chosen before in which no channel has a factor that is fixed now, as all linked with them. */
function keepGrids(
  links: ChannelLinker,
  { forms, groups, like }: Pick<ChannelGridOptions, "forms" | "groups"> & {
    like: ReadonlyMap<string, ValueQuantization>;
  },
): Map<string, ValueQuantization> {
  const had = groups.map(({ members }) => members.filter((member) => like.has(member)))
    .filter((members) => members.some((member) => like.get(member)!.factors));
  const isKept = (member: string) => {
    const { factors } = like.get(member)!;
    return channelsOf(links, member).every((channel, index) =>
      (factors?.[index] ?? 1) === 1 || !links.isFixed(channel)
    );
  };
  let kept = had;
  for (let lost = true; lost;) {
    const next = kept.filter((members) => members.every(isKept));
    lost = next.length < kept.length;
    kept.filter((members) => !next.includes(members)).flat().forEach(links.fix);
    kept = next;
  }
  const needed = kept.flat().filter((member) => forms.needed.get(member)?.has("u8"));
  return new Map(needed.map((member) => [member, like.get(member)!]));
}

/** Numbers the factors of the groups' channels that have one, by their roots. */
function numberFactors(
  links: ChannelLinker,
  groups: readonly ParameterGroup[],
  { needed }: FormChoice,
): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const member of groups.flatMap(({ members }) => members)) {
    if (!needed.get(member)?.has("u8")) continue;
    for (const channel of channelsOf(links, member)) {
      const root = links.root(channel);
      if (!links.isFixed(root) && !numbers.has(root)) numbers.set(root, numbers.size);
    }
  }
  return numbers;
}

/** The channels of a group's sources, those of one factor as one. */
function rowsOf(
  links: ChannelLinker,
  { group, seen, numbers, gains, curves }: {
    group: ParameterGroup;
    seen: ReadonlyMap<string, ChannelHistograms>;
    numbers: ReadonlyMap<number, number>;
    gains: ReadonlyMap<string, Float64Array>;
    curves: CurveGrids;
  },
): GridRow[] {
  const rows: GridRow[] = [];
  for (const source of group.sources) {
    const histograms = seen.get(source)!;
    errorCurves(histograms, curves).forEach((errors, channel) => {
      const factor = numbers.get(links.root(links.first(source) + channel)) ?? -1;
      const gain = gains.get(source)![channel];
      rows.push({ factor, noise: errors.map((error) => error * gain) });
    });
  }
  for (const { data } of group.known) {
    const histograms = createChannelHistograms(1);
    observeChannels(histograms, data);
    closeEnds(histograms);
    const [noise] = errorCurves(histograms, curves);
    rows.push({ factor: -1, noise });
  }
  return rows;
}

/** Moves what scales and factors have in common to the scales, where no factor of those that belong together is always 1: the largest is 1 then. */
function balance(groups: readonly GridRows[], scales: Int32Array, steps: Int32Array): void {
  const sets = new Map<number, { factors: Set<number>; groups: Set<number>; fixed: boolean }>();
  groups.forEach(({ rows }, group) => {
    const all = { factors: new Set<number>(), groups: new Set([group]), fixed: false };
    for (const { factor } of rows) {
      const other = factor < 0 ? undefined : sets.get(factor);
      all.fixed ||= factor < 0 || (other?.fixed ?? false);
      if (factor >= 0) all.factors.add(factor);
      if (!other || other === all) continue;
      other.factors.forEach((number) => all.factors.add(number));
      other.groups.forEach((number) => all.groups.add(number));
      for (const number of other.factors) sets.set(number, all);
    }
    for (const number of all.factors) sets.set(number, all);
  });
  for (const set of new Set(sets.values())) {
    if (set.fixed) continue;
    const most = [...set.factors].reduce((largest, factor) => Math.max(largest, steps[factor]), -Infinity);
    for (const factor of set.factors) steps[factor] -= most;
    for (const group of set.groups) scales[group] += most;
  }
}
