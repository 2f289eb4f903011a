/**
 * The choice of the layers that get more precision than the others, by what
 * they gain and cost.
 *
 * @module
 */

import { type LayerNode, layersOf } from "../graph/layers.ts";
import type { Statistics } from "../observe/statistics.ts";
import { estimateTime } from "../program/estimate_time.ts";
import { lowBitLayers } from "../quantize/low_bit_layers.ts";
import type { CalibrationSettings, PrecisionLevel } from "../settings.ts";
import { type LayerRanking, type LayerSensitivity, type RankingSession, rankLayers } from "./rank_layers.ts";
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
  /** How all layers were ranked at first. */
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
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const ranking = await rankLayers(session, statistics, settings, candidatesFor(session, settings), [], float);
  const budget = BUDGETS[settings.precision];
  const room = {
    bytes: budget.bytes * ranking.quantized.data.length,
    time: budget.time * estimateTime(ranking.quantized.program),
  };
  const kept: LayerSensitivity[] = [];
  let spent = { bytes: 0, time: 0 };
  let current = ranking;
  while (kept.length < MOST_LAYERS) {
    const { layers, noise } = current;
    const costOf = ({ bytes, time }: LayerSensitivity) => ({
      bytes: Math.max(0, spent.bytes + bytes) / room.bytes,
      time: Math.max(0, spent.time + time) / room.time,
    });
    const open = layers.filter((layer) => {
      const cost = costOf(layer);
      return cost.bytes <= 1 && cost.time <= 1 && layer.noise <= (1 - LEAST_GAIN) * noise;
    });
    if (open.length === 0) break;
    const worth = (layer: LayerSensitivity) => {
      const cost = costOf(layer);
      return (noise / layer.noise - 1) / (LEAST_GAIN + Math.max(cost.bytes, cost.time));
    };
    const best = open.reduce((one, other) => worth(other) > worth(one) ? other : one);
    kept.push(best);
    spent = { bytes: spent.bytes + best.bytes, time: spent.time + best.time };
    const others = layers.filter((layer) => layer.output !== best.output).slice(0, CONTENDERS);
    current = await rankLayers(session, statistics, settings, others, kept, float);
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
