/**
 * The sensitivity of a network to the quantisation of each of its layers,
 * measured.
 *
 * @module
 */

import { decibels } from "../decibels.ts";
import { evenlySpread } from "../evenly_spread.ts";
import type { Statistics } from "../observe/statistics.ts";
import { estimateTime } from "../program/estimate_time.ts";
import type { QuantizationPlan } from "../plan.ts";
import { lower, type Lowered } from "../program/lower.ts";
import type { CalibrationSettings } from "../settings.ts";
import { makePlan } from "./make_plan.ts";
import { type RefinedLayer, refineLayers } from "./refine_layers.ts";
import { type FloatScores, scorePrograms } from "./score_programs.ts";
import type { Session } from "./session.ts";

/** What becomes of a network when one of its layers gets more precision. */
export interface LayerSensitivity extends RefinedLayer {
  /** Name of the layer in the source network. */
  name: string;
  /** Energy of the error of the network's first output over that of the output itself. */
  noise: number;
  /** Decibels that it adds to the SQNR of that output; null where no error remains. */
  gain: number | null;
  /** Bytes of constants that the network takes in addition. */
  bytes: number;
  /** Estimated nanoseconds of a run in addition. */
  time: number;
}

/** Layers in the order in which they best get more precision. */
export interface LayerRanking {
  /** The layers, that first without whose quantisation the output is best. */
  layers: LayerSensitivity[];
  /** The program of which none of them has more precision, before any correction. */
  quantized: Lowered;
  /** Energy of its output's error over that of the output itself. */
  noise: number;
  /** Its grids. */
  grids: QuantizationPlan["values"];
}

/** What rankings of one network start from. */
export type RankingSession = Pick<Session, "network" | "lanes" | "planning" | "samples" | "progress">;

/** What more precision costs. */
export type PrecisionCost = Pick<LayerSensitivity, "bytes" | "time">;

/** How layers are ranked. */
export interface RankingOptions {
  /** Layers that have more precision in every run; none where absent. */
  kept?: readonly RefinedLayer[];
  /** Grids that are kept where they can be; chosen where absent. */
  grids?: QuantizationPlan["values"];
  /** Which costs, beside the network with `kept` alone, are worth a run; all where absent. */
  affords?: (cost: PrecisionCost, quantized: Lowered) => boolean;
  /** Is filled at the first ranking, so that further ones need no run of the float network. */
  float?: FloatScores;
}

/** Most samples that are run with each layer. */
const MOST_SAMPLES = 32;
/** Programs that are lowered and run at the same time. */
const PROGRAMS_AT_ONCE = 8;

/**
 * Runs the quantised network with more precision for each of some layers, one
 * at a time, and ranks the layers by the error that remains in the output.
 *
 * Neither USP nor the rounding of weights that follows the samples is done: what
 * is measured is the damage that both start from.
 */
export async function rankLayers(
  { network, lanes, planning, samples, progress }: RankingSession,
  statistics: Statistics,
  settings: CalibrationSettings,
  candidates: readonly (RefinedLayer & { name: string })[],
  { kept = [], grids, affords = () => true, float = { outputs: [], ranks: [], signal: 0 } }: RankingOptions = {},
): Promise<LayerRanking> {
  const { values: observations, channels, channelHistograms } = statistics;
  const observed = { observations, channels, channelHistograms };
  const planWith = async (layers: readonly RefinedLayer[], like: RankingOptions["grids"]) => {
    const { graph, forms, groups, wide } = refineLayers(network, layers);
    const seen = { forms, groups, wide, ...observed, ...(like && { like }) };
    const { plan } = await makePlan(graph, seen, settings, planning);
    return { plan, program: lower(graph, { plan, forms }) };
  };
  const chosen = evenlySpread(samples, MOST_SAMPLES);
  const total = (candidates.length + 1) * chosen.length;
  let done = 0;
  const noiseOf = async (programs: readonly Lowered[]): Promise<number[]> => {
    const tell = () => progress?.("Ranking layers", ++done, total);
    const scores = await scorePrograms({ lanes, samples: chosen, progress: tell }, programs, float);
    return scores.map(({ fidelity }) => fidelity.reduce((sum, { noise }) => sum + noise, 0) / float.signal);
  };
  const { plan, program: quantized } = await planWith(kept, grids);
  const [noise] = await noiseOf([quantized]);
  const time = estimateTime(quantized.program);
  const layers: LayerSensitivity[] = [];
  for (let first = 0; first < candidates.length; first += PROGRAMS_AT_ONCE) {
    const some = candidates.slice(first, first + PROGRAMS_AT_ONCE);
    const programs: Lowered[] = [];
    const costs: Omit<LayerSensitivity, "noise" | "gain">[] = [];
    for (const candidate of some) {
      const refined = [...kept, candidate];
      const alike = lowerAlike(network, refined, plan);
      const cost = { bytes: alike.data.length - quantized.data.length, time: estimateTime(alike.program) - time };
      if (!affords(cost, quantized)) {
        done += chosen.length;
        continue;
      }
      programs.push((await planWith(refined, plan.values)).program);
      costs.push({ ...candidate, ...cost });
    }
    const noises = await noiseOf(programs);
    costs.forEach((cost, index) => {
      layers.push({ ...cost, noise: noises[index], gain: decibels(noise, noises[index]) });
    });
  }
  return { layers: layers.toSorted((a, b) => a.noise - b.noise), quantized, noise, grids: plan.values };
}

/**
 * A program with the size and time that the network has when layers have more
 * precision. Its weights and grids are those of a plan for other layers, so that
 * none need be made to know what layers cost; what it computes means nothing.
 */
function lowerAlike(
  network: RankingSession["network"],
  layers: readonly RefinedLayer[],
  { values, weights, corrections }: QuantizationPlan,
): Lowered {
  const { graph, forms, wide } = refineLayers(network, layers);
  const plan: QuantizationPlan = {
    // Factors of channels cost nothing, and some have no place in other forms.
    values: new Map([...values].map(([value, { scale, zeroPoint }]) => [value, { scale, zeroPoint }])),
    weights: new Map(weights),
    corrections,
  };
  for (const output of wide ?? []) {
    const { values, scales } = weights.get(output)!;
    plan.weights.set(output, { values, scales });
  }
  return lower(graph, { plan, forms });
}
