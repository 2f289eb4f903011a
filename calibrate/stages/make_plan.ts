/**
 * From observed distributions to the decisions of quantisation.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import { type FormChoice, keepsFloat } from "../graph/form.ts";
import type { Graph } from "../graph/graph.ts";
import { type LayerNode, layersOf } from "../graph/layers.ts";
import { layersThatShare } from "../graph/shared_weights.ts";
import { chooseChannelGrids } from "../grids/channel_grids.ts";
import { CHANNEL_BINS, type ChannelHistograms } from "../observe/channel_histograms.ts";
import { type ChannelMoments, meanSquaresOf } from "../observe/channel_moments.ts";
import { type Histogram, uniteHistograms } from "../observe/histogram.ts";
import type { Observation } from "../observe/statistics.ts";
import type { QuantizationPlan, ValueQuantization } from "../plan.ts";
import { observeKnown } from "../quantize/known_values.ts";
import { lowBitLayers } from "../quantize/low_bit_layers.ts";
import type { ParameterGroup } from "../quantize/observed_values.ts";
import type { WeightOptions } from "../quantize/quantize_weights.ts";
import type { Grid } from "../scales/score.ts";
import type { ScaleMethod, WeightBits, WeightError, WeightGranularity } from "../settings.ts";
import type { Planning } from "./planning.ts";

/** How a plan is made. */
export interface PlanOptions {
  scales: ScaleMethod;
  /** Percent of the values within each end of a range, for "percentile". */
  percentile?: number;
  weights: WeightGranularity;
  /** Bits of the weights of most layers; 8 where absent. */
  weightBits?: WeightBits;
  /** Weights that share a multiplier at 4 bits; all of a channel where absent or 0. */
  weightGroup?: number;
  /** What an error of weights counts; "plain" where absent. */
  weightError?: WeightError;
  /** Whether channels get grids of their own where that is free; false where absent. */
  equalize?: boolean;
}

/** How the scale of a value was chosen; for the report. */
export interface ScaleChoice {
  /** "fixed" where the activation function settles it; "minmax" also where "qmse" gave way to it. */
  method: ScaleMethod | "fixed";
  /** Share of the values outside the range, 0 to 1. */
  clipped: number;
}

/**
 * Chooses the scale of every parameter group and quantises all weights.
 *
 * @param network What was seen of each group's sources and of the channels that layers read, by value name.
 * @returns The plan without corrections of statistics, and how each value's scale came about.
 */
export async function makePlan(
  graph: Graph,
  network: {
    forms: FormChoice;
    groups: readonly ParameterGroup[];
    /** Layers whose weights keep 8 bits where others have 4; none where absent. */
    wide?: ReadonlySet<string>;
    observations: ReadonlyMap<string, Observation>;
    channels: ReadonlyMap<string, ChannelMoments>;
    channelHistograms: ReadonlyMap<string, ChannelHistograms>;
    /** Quantisation of values in another form of the network, whose factors are kept where they can be. */
    like?: ReadonlyMap<string, ValueQuantization>;
  },
  options: PlanOptions,
  planning: Planning,
): Promise<{ plan: QuantizationPlan; choices: Map<string, ScaleChoice> }> {
  const plan: QuantizationPlan = { values: new Map(), weights: new Map(), corrections: new Map() };
  const choices = new Map<string, ScaleChoice>();
  const seen = network.groups.map((group) => ({
    observation: unite(observationsOf(graph, group, network.observations)),
    fixed: group.fixed && { grid: { ...group.fixed, levels: 255 }, method: "fixed" as const },
  }));
  const free = seen.filter(({ fixed }) => !fixed).map(({ observation }) => observation);
  const chosen = (await planning.chooseGrids(free, options.scales, options.percentile)).values();
  const grids = seen.map(({ fixed }): { grid: Grid; method: ScaleChoice["method"] } => fixed ?? chosen.next().value!);
  network.groups.forEach(({ members }, index) => {
    const { grid, method } = grids[index];
    const { scale, zeroPoint } = grid;
    const clipped = clippedShare(seen[index].observation.histogram, grid);
    for (const member of members) {
      plan.values.set(member, { scale, zeroPoint });
      choices.set(member, { method, clipped });
    }
  });
  const low = options.weightBits === 4 ? lowBitLayers(graph).difference(network.wide ?? new Set()) : new Set<string>();
  const layers = layersOf(graph).filter((node) =>
    network.forms.computed.has(node.output) &&
    plan.values.has(node.inputs[0]) && !keepsFloat(network.forms.float, node.output)
  );
  if (options.equalize) {
    const byChannel = chooseChannelGrids(graph, {
      ...network,
      seen: network.channelHistograms,
      grids: grids.map(({ grid }) => grid),
      layers: layers.map((layer) => ({
        layer,
        bits: low.has(layer.output) ? 4 : 8,
        group: options.weightGroup ?? 0,
        granularity: options.weights,
        energies: meanSquaresOf(network.channels.get(layer.inputs[0])!),
      })),
    });
    for (const [value, quantization] of byChannel) {
      plan.values.set(value, quantization);
      const histograms = network.channelHistograms.get(value);
      if (histograms) choices.get(value)!.clipped = clippedChannels(histograms, quantization);
    }
  }
  const weightOptions = (layer: LayerNode): WeightOptions => ({
    granularity: options.weights,
    method: options.scales === "qmse" ? "qmse" : "minmax",
    bits: low.has(layer.output) ? 4 : 8,
    ...(options.weightGroup && { group: options.weightGroup }),
    ...(options.weightError === "input" && {
      inputImportance: meanSquaresInUnits(
        network.channels.get(layer.inputs[0])!,
        plan.values.get(layer.inputs[0])!.factors,
      ),
    }),
  });
  const shares = sharingIn(graph, layers, (layer) => low.has(layer.output));
  const quantized = await planning.quantizeWeights(shares.map((members) => ({
    layer: withLargestBiases(members, plan.values),
    input: plan.values.get(members[0].inputs[0])!,
    outputFactors: plan.values.get(members[0].output)?.factors,
    options: uniteOptions(members.map(weightOptions)),
  })));
  const weights = new Map(shares.flatMap((members, index) => members.map((layer) => [layer, quantized[index]])));
  for (const layer of layers) {
    plan.weights.set(layer.output, weights.get(layer)!);
    plan.corrections.set(layer.output, {
      gain: new Float64Array(layer.bias.length).fill(1),
      bias: Float64Array.from(layer.bias),
    });
  }
  return { plan, choices };
}

/** Mean squares of channels in units of their factors. */
function meanSquaresInUnits(moments: ChannelMoments, factors: Float64Array | undefined): Float64Array {
  const squares = meanSquaresOf(moments);
  return factors ? squares.map((square, channel) => square / (factors[channel] * factors[channel])) : squares;
}

/** Layers whose weights are quantised together, because they are the same and get as many bits. */
function sharingIn(graph: Graph, layers: readonly LayerNode[], isLow: (layer: LayerNode) => boolean): LayerNode[][] {
  const groups = new Map<string, LayerNode[]>();
  for (const members of layersThatShare(graph)) {
    for (const bits of [true, false]) {
      const group: LayerNode[] = [];
      for (const { output } of members.filter((layer) => isLow(layer) === bits)) groups.set(output, group);
    }
  }
  const found: LayerNode[][] = [];
  for (const layer of layers) {
    const group = groups.get(layer.output) ?? [];
    if (group.length === 0) found.push(group);
    group.push(layer);
  }
  return found;
}

/** The first of some layers with the same weights, with the biases that need the largest scales of all. */
function withLargestBiases(members: readonly LayerNode[], values: QuantizationPlan["values"]): LayerNode {
  const [first, ...others] = members;
  if (others.length === 0) return first;
  const scaleOf = (layer: LayerNode) => values.get(layer.inputs[0])!.scale;
  const bias = first.bias.map((own, channel) =>
    others.reduce(
      (most, layer) => Math.max(most, Math.abs(layer.bias[channel]) / scaleOf(layer)),
      Math.abs(own) / scaleOf(first),
    ) *
    scaleOf(first)
  );
  return { ...first, bias };
}

/** The options of layers whose weights are quantised together: errors count as in all of them. */
function uniteOptions([first, ...others]: WeightOptions[]): WeightOptions {
  if (others.length === 0 || !first.inputImportance) return first;
  const inputImportance = first.inputImportance.map((own, channel) =>
    others.reduce((sum, { inputImportance }) => sum + inputImportance![channel], own)
  );
  return { ...first, inputImportance };
}

/** What was seen of a group's sources, and what is known of its values beforehand. */
function observationsOf(
  graph: Graph,
  { sources, known }: ParameterGroup,
  observations: ReadonlyMap<string, Observation>,
): Observation[] {
  const seen = sources.map((source) => ({
    observation: observations.get(source)!,
    elements: elementCount(graph.values.get(source)!.shape),
  }));
  return [...seen.map(({ observation }) => observation), ...known.map((elements) => observeKnown(elements, seen[0]))];
}

/** What was seen of several values that share their parameters, as if they were one. */
function unite(observations: readonly Observation[]): Observation {
  if (observations.length === 1) return observations[0];
  return {
    histogram: uniteHistograms(observations.map(({ histogram }) => histogram)),
    raw: concatenate(observations.map(({ raw }) => raw)),
  };
}

/** Share of the values more than half a step outside a grid's range, to the bins' resolution. */
function clippedShare(histogram: Histogram, { scale, zeroPoint, levels }: Grid): number {
  if (histogram.exponent === null) return 0;
  const width = 2 ** histogram.exponent;
  const high = (levels - zeroPoint + 0.5) * scale;
  const low = (zeroPoint + 0.5) * scale;
  let outside = 0;
  for (const [side, limit] of [[histogram.positive, high], [histogram.negative, low]] as const) {
    for (let bin = Math.ceil(limit / width); bin < side.length; bin++) outside += side[bin];
  }
  histogram.atoms.forEach((atom, index) => {
    if (atom > high || atom < -low) outside += histogram.atomCounts[index];
  });
  return outside / histogram.count;
}

/** Share of the values more than half a step outside the grids of their channels, to the bins' resolution. */
function clippedChannels(
  { count, exponents, positive, negative }: ChannelHistograms,
  { scale, zeroPoint, factors }: ValueQuantization,
): number {
  let outside = 0;
  for (const [side, levels] of [[positive, 255 - zeroPoint], [negative, zeroPoint]] as const) {
    for (let index = 0; index < side.length; index++) {
      const channel = Math.floor(index / CHANNEL_BINS);
      const start = (index % CHANNEL_BINS) * 2 ** exponents[channel];
      if (start >= (levels + 0.5) * scale * (factors?.[channel] ?? 1)) outside += side[index];
    }
  }
  return outside / (count * exponents.length);
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
