/**
 * The sensitivity of a network to the quantisation of each of its layers,
 * measured.
 *
 * @module
 */

import { evenlySpread } from "../evenly_spread.ts";
import { layersOf } from "../graph/layers.ts";
import type { Statistics } from "../observe/statistics.ts";
import { lower, type Lowered } from "../program/lower.ts";
import type { CalibrationSettings } from "../settings.ts";
import { keepLayers } from "./keep_layers.ts";
import { makePlan } from "./make_plan.ts";
import { type FloatScores, scorePrograms } from "./score_programs.ts";
import type { Session } from "./session.ts";

/** What becomes of a network when one of its layers stays in float. */
export interface LayerSensitivity {
  /** Name of the layer's output. */
  output: string;
  /** Name of the layer in the source network. */
  name: string;
  /** Energy of the error of the network's first output over that of the output itself. */
  noise: number;
  /** Bytes of constants that the layer takes in addition. */
  bytes: number;
}

/** Layers in the order in which they are best kept in float. */
export interface LayerRanking {
  /** The layers, that first without whose quantisation the output is best. */
  layers: LayerSensitivity[];
  /** The program of which no layer is in float, before any correction. */
  quantized: Lowered;
  /** Energy of its output's error over that of the output itself. */
  noise: number;
}

/** Most samples that are run with each layer in float. */
const MOST_SAMPLES = 32;
/** Programs that are lowered and run at the same time. */
const PROGRAMS_AT_ONCE = 8;

/**
 * Runs the quantised network with each of its layers in float, one at a time,
 * and ranks the layers by the error that remains in the output.
 *
 * Neither USP nor the rounding of weights that follows the samples is done: what
 * is measured is the damage that both start from.
 */
export async function rankLayers(
  { network, lanes, planning, samples, progress }: Pick<
    Session,
    "network" | "lanes" | "planning" | "samples" | "progress"
  >,
  statistics: Statistics,
  settings: CalibrationSettings,
): Promise<LayerRanking> {
  const { graph, forms, groups } = network;
  const { values: observations, channels } = statistics;
  const { plan } = await makePlan(graph, { forms, groups, observations, channels }, settings, planning);
  const nodes = layersOf(graph).filter(({ output }) => plan.weights.has(output));
  const chosen = evenlySpread(samples, MOST_SAMPLES);
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const total = (nodes.length + 1) * chosen.length;
  let done = 0;
  const noiseOf = async (programs: readonly Lowered[]): Promise<number[]> => {
    const tell = () => progress?.("Ranking layers", ++done, total);
    const scores = await scorePrograms({ lanes, samples: chosen, progress: tell }, programs, float);
    return scores.map(({ fidelity }) => fidelity.reduce((sum, { noise }) => sum + noise, 0) / float.signal);
  };
  const quantized = lower(graph, { plan, forms });
  const [noise] = await noiseOf([quantized]);
  const layers: LayerSensitivity[] = [];
  for (let first = 0; first < nodes.length; first += PROGRAMS_AT_ONCE) {
    const some = nodes.slice(first, first + PROGRAMS_AT_ONCE);
    const programs = some.map(({ output }) => lower(graph, { plan, forms: keepLayers(network, [output]).forms }));
    const noises = await noiseOf(programs);
    some.forEach(({ output, name }, index) => {
      const bytes = programs[index].data.length - quantized.data.length;
      layers.push({ output, name, noise: noises[index], bytes });
    });
  }
  return { layers: layers.toSorted((a, b) => a.noise - b.noise), quantized, noise };
}
