/**
 * The choice of the layers that get more precision than the others, by what
 * they gain and cost.
 *
 * @module
 */

import { type LayerNode, layersOf } from "../graph/layers.ts";
import type { Statistics } from "../observe/statistics.ts";
import { estimateTime } from "../program/estimate_time.ts";
import type { Lowered } from "../program/lower.ts";
import { lowBitLayers } from "../quantize/low_bit_layers.ts";
import type { CalibrationSettings, PrecisionLevel } from "../settings.ts";
import {
  type LayerRanking,
  type LayerSensitivity,
  type PrecisionCost,
  type RankingSession,
  rankLayers,
} from "./rank_layers.ts";
import type { RefinedLayer } from "./refine_layers.ts";
import type { FloatScores } from "./score_programs.ts";

/** What may be spent on precision, as shares of the network of which no layer has more of it. */
interface Budget {
  /** Share of its bytes. */
  bytes: number;
  /** Share of its time, as estimated. */
  time: number;
}

/** What each level may spend. */
export const BUDGETS: Readonly<Record<PrecisionLevel, Budget>> = {
  fast: { bytes: 0, time: 0 },
  balanced: { bytes: 0.01, time: 0.03 },
  best: { bytes: 0.04, time: 0.1 },
};

/** Least share of the error that a layer must take away to be worth its cost. */
const LEAST_GAIN = 0.02;
/** Layers that are measured again once one is chosen: those that gained most before. */
const CONTENDERS = 8;
/** Most layers that are chosen. */
const MOST_LAYERS = 16;

/** A choice of layers. */
export interface PrecisionChoice {
  /** The layers chosen, in that order; `noise` is what remains with all those before. */
  kept: LayerSensitivity[];
  /** How those that the budget has room for were ranked at first. */
  ranking: LayerRanking;
}

/**
 * Chooses one layer after the other: of those that the budget still has room
 * for, that which takes away most of the error for each share of the budget,
 * until none takes away 2 % of it.
 */
export async function spendPrecision(
  session: RankingSession,
  statistics: Statistics,
  settings: CalibrationSettings,
): Promise<PrecisionChoice> {
  const budget = BUDGETS[settings.precision];
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const spent = { bytes: 0, time: 0 };
  let room: PrecisionCost | undefined;
  const shareOf = ({ bytes, time }: PrecisionCost) =>
    Math.max((spent.bytes + bytes) / room!.bytes, (spent.time + time) / room!.time);
  const affords = (cost: PrecisionCost, { program, data }: Lowered) => {
    room ??= { bytes: budget.bytes * data.length, time: budget.time * estimateTime(program) };
    return shareOf(cost) <= 1;
  };
  const candidates = candidatesFor(session, settings);
  const ranking = await rankLayers(session, statistics, settings, candidates, { affords, float });
  const options = { grids: ranking.grids, affords, float };
  const kept: LayerSensitivity[] = [];
  let { layers, noise } = ranking;
  while (kept.length < MOST_LAYERS) {
    const open = layers.filter((layer) => layer.noise <= (1 - LEAST_GAIN) * noise);
    if (open.length === 0) break;
    const worth = (layer: LayerSensitivity) => (noise / layer.noise - 1) / (LEAST_GAIN + shareOf(layer));
    const best = open.reduce((one, other) => worth(other) > worth(one) ? other : one);
    kept.push(best);
    spent.bytes += best.bytes;
    spent.time += best.time;
    const others = layers.filter((layer) => layer.output !== best.output).slice(0, CONTENDERS);
    ({ layers, noise } = await rankLayers(session, statistics, settings, others, { ...options, kept }));
  }
  return { kept, ranking };
}

/** All layers that can get more precision: float32, and at 4 bits first of all 8-bit weights. */
export function candidatesFor(
  { network: { graph, forms } }: RankingSession,
  { weightBits }: CalibrationSettings,
): (RefinedLayer & { name: string })[] {
  const low = weightBits === 4 ? lowBitLayers(graph) : new Set<string>();
  const layers = layersOf(graph).filter((layer) => isQuantized(layer));
  return [
    ...layers.filter(({ output }) => low.has(output)).map((layer) => candidate(layer, "8-bit weights")),
    ...layers.map((layer) => candidate(layer, "float32")),
  ];

  function isQuantized({ output, inputs }: LayerNode): boolean {
    return forms.computed.has(output) && forms.needed.get(inputs[0])?.has("u8") === true &&
      !(forms.float !== "all" && forms.float.has(output));
  }
}

function candidate({ output, name }: LayerNode, precision: RefinedLayer["precision"]): RefinedLayer & { name: string } {
  return { output, name, precision };
}
