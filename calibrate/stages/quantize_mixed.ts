/**
 * Mixed precision: the layers that lose most get more of it than the others.
 *
 * @module
 */

import { accuracyOf } from "../accuracy.ts";
import { evenlySpread } from "../evenly_spread.ts";
import type { Statistics } from "../observe/statistics.ts";
import type { CalibrationSettings } from "../settings.ts";
import { type QuantizedNetwork, quantizeNetwork } from "./quantize_network.ts";
import { type LayerRanking, type LayerSensitivity, rankLayers } from "./rank_layers.ts";
import { refineLayers } from "./refine_layers.ts";
import { type FloatScores, scorePrograms } from "./score_programs.ts";
import type { Session } from "./session.ts";
import { BUDGETS, candidatesFor, spendPrecision } from "./spend_precision.ts";

/** A quantised network, and the layers that got more precision. */
export interface MixedNetwork {
  /** The network. */
  quantized: QuantizedNetwork;
  /** The ranking of the layers, where one was asked for or needed. */
  ranking?: LayerRanking;
  /** The layers that got more precision. */
  kept: readonly LayerSensitivity[];
  /** Share of right answers that is lost to quantisation, where a limit was set; negative where some are won. */
  drop?: number;
}

/** Whether settings ask for layers of more precision than the others, or may. */
export function isMixed({ precision, keepFloat, targetDrop }: CalibrationSettings): boolean {
  return targetDrop !== undefined || (keepFloat ?? BUDGETS[precision].bytes) > 0;
}

/** Most samples without labels on which the loss is measured. */
const MOST_UNLABELLED = 128;

/**
 * Quantises a network with as many layers in float as the settings ask for:
 * `keepFloat` of them, or the fewest with which the loss is at most
 * `targetDrop`; else with those that `precision` chooses.
 *
 * The loss is that of top-1 accuracy on the samples; without labels it is the
 * share of samples of which the network says another class than the float one,
 * and no loss of accuracy is larger. The number is sought by doubling it, then by
 * halving the range in which it lies: between two numbers the loss may be uneven.
 */
export async function quantizeMixed(
  session: Pick<Session, "network" | "lanes" | "planning" | "samples" | "labels" | "progress">,
  statistics: Statistics,
  settings: CalibrationSettings,
): Promise<MixedNetwork> {
  const { network, lanes, samples, labels } = session;
  const { precision, keepFloat, targetDrop } = settings;
  let ranking: LayerRanking | undefined;
  const quantize = async (kept: readonly LayerSensitivity[]): Promise<QuantizedNetwork> => {
    const mixed = { ...session, network: refineLayers(network, kept) };
    const [quantized] = await quantizeNetwork(mixed, { statistics, samples }, [settings]);
    return quantized;
  };
  const firstLayers = async (count: number): Promise<readonly LayerSensitivity[]> => {
    if (count === 0) return [];
    const candidates = candidatesFor(session, settings).filter(({ precision }) => precision === "float32");
    ranking ??= await rankLayers(session, statistics, settings, candidates);
    return ranking.layers.slice(0, count);
  };
  const ranked = () => ranking && { ranking };
  if (targetDrop === undefined) {
    if (keepFloat === undefined && BUDGETS[precision].bytes > 0) {
      const choice = await spendPrecision(session, statistics, settings);
      return { quantized: await quantize(choice.kept), ...choice };
    }
    const kept = await firstLayers(keepFloat ?? 0);
    return { quantized: await quantize(kept), ...ranked(), kept };
  }

  const judged = labels ? samples : evenlySpread(samples, MOST_UNLABELLED);
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const attempt = async (count: number): Promise<MixedNetwork & { drop: number }> => {
    const kept = await firstLayers(count);
    const quantized = await quantize(kept);
    const scoring = { lanes, samples: judged, labels, progress: undefined };
    const [{ ranks }] = await scorePrograms(scoring, [quantized.program], float);
    return { quantized, kept, drop: accuracyOf(float.ranks).top1 - accuracyOf(ranks).top1 };
  };
  const limit = targetDrop / 100 + Number.EPSILON;
  let best = await attempt(0);
  let tooFew = -1;
  while (best.drop > limit && best.kept.length < (ranking?.layers.length ?? Infinity)) {
    tooFew = best.kept.length;
    const next = Math.max(1, best.kept.length * 2);
    best = await attempt(Math.min(next, ranking?.layers.length ?? next));
  }
  while (best.drop <= limit && best.kept.length - tooFew > 1) {
    const middle = await attempt(Math.floor((best.kept.length + tooFew) / 2));
    if (middle.drop <= limit) best = middle;
    else tooFew = middle.kept.length;
  }
  return { ...best, ...ranked() };
}
