/**
 * Mixed precision: the layers that lose most stay in float, the others are
 * 8 bits.
 *
 * @module
 */

import { accuracyOf } from "../accuracy.ts";
import { evenlySpread } from "../evenly_spread.ts";
import type { Statistics } from "../observe/statistics.ts";
import type { CalibrationSettings } from "../settings.ts";
import { keepLayers } from "./keep_layers.ts";
import { type QuantizedNetwork, quantizeNetwork } from "./quantize_network.ts";
import { type LayerRanking, rankLayers } from "./rank_layers.ts";
import { type FloatScores, scorePrograms } from "./score_programs.ts";
import type { Session } from "./session.ts";

/** A quantised network, and how many of its layers are not. */
export interface MixedNetwork {
  /** The network. */
  quantized: QuantizedNetwork;
  /** The ranking of the layers, where one was asked for or needed. */
  ranking?: LayerRanking;
  /** Number of layers in float, the first ones of the ranking. */
  kept: number;
  /** Share of right answers that is lost to quantisation, where a limit was set; negative where some are won. */
  drop?: number;
}

/** Most samples without labels on which the loss is measured. */
const MOST_UNLABELLED = 128;

/**
 * Quantises a network with as many layers in float as the settings ask for:
 * `keepFloat` of them, or the fewest with which the loss is at most
 * `targetDrop`.
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
  const { keepFloat, targetDrop } = settings;
  let ranking: LayerRanking | undefined;
  const quantize = async (kept: number): Promise<QuantizedNetwork> => {
    if (kept > 0) ranking ??= await rankLayers(session, statistics, settings);
    const outputs = ranking?.layers.slice(0, kept).map(({ output }) => output) ?? [];
    const mixed = { ...session, network: keepLayers(network, outputs) };
    const [quantized] = await quantizeNetwork(mixed, { statistics, samples }, [settings]);
    return quantized;
  };
  const ranked = () => ranking && { ranking };
  if (targetDrop === undefined) {
    return { quantized: await quantize(keepFloat), ...ranked(), kept: keepFloat };
  }

  const judged = labels ? samples : evenlySpread(samples, MOST_UNLABELLED);
  const float: FloatScores = { outputs: [], ranks: [], signal: 0 };
  const attempt = async (kept: number): Promise<MixedNetwork & { drop: number }> => {
    const quantized = await quantize(kept);
    const scoring = { lanes, samples: judged, labels, progress: undefined };
    const [{ ranks }] = await scorePrograms(scoring, [quantized.program], float);
    return { quantized, kept, drop: accuracyOf(float.ranks).top1 - accuracyOf(ranks).top1 };
  };
  const limit = targetDrop / 100 + Number.EPSILON;
  let best = await attempt(0);
  let tooFew = -1;
  while (best.drop > limit && best.kept < (ranking?.layers.length ?? Infinity)) {
    tooFew = best.kept;
    const next = Math.max(1, best.kept * 2);
    best = await attempt(Math.min(next, ranking?.layers.length ?? next));
  }
  while (best.drop <= limit && best.kept - tooFew > 1) {
    const middle = await attempt(Math.floor((best.kept + tooFew) / 2));
    if (middle.drop <= limit) best = middle;
    else tooFew = middle.kept;
  }
  return { ...best, ...ranked() };
}
