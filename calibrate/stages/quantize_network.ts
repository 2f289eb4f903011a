/**
 * From the statistics of a network to its 8-bit programs: the plan, and its
 * correction.
 *
 * @module
 */

import { evenlySpread } from "../evenly_spread.ts";
import type { Graph } from "../graph/graph.ts";
import type { Statistics } from "../observe/statistics.ts";
import { trustIn } from "../observe/training_warning.ts";
import { lower, type Lowered } from "../program/lower.ts";
import type { CorrectionOutcome } from "../quantize/correct_layer.ts";
import type { CalibrationSettings } from "../settings.ts";
import { type CorrectedRow, correctLayers } from "./correct_layers.ts";
import { makePlan, type ScaleChoice } from "./make_plan.ts";
import type { Session } from "./session.ts";

/** A quantised network. */
export interface QuantizedNetwork {
  /** The 8-bit program. */
  program: Lowered;
  /** Makes the 8-bit program before its correction; the same where there is none. */
  uncorrected(): Lowered;
  /** Makes the 8-bit program of the same network at other sizes. @param graph The network at these sizes. */
  at(graph: Graph): Lowered;
  /** How each value's scale came about, by its name. */
  choices: Map<string, ScaleChoice>;
  /** How each layer's correction came about, by the name of its output. */
  outcomes: Map<string, CorrectionOutcome>;
}

/** Memory for the tensors of samples between layers, over all workers. */
const STREAM_BYTES = 320 * 2 ** 20;
/** Most samples whose statistics are corrected on. */
const MOST_CORRECTION_SAMPLES = 256;

/**
 * Chooses all scales, quantises the weights, and corrects layer by layer.
 *
 * @param samples Samples to correct on; as many of them, evenly spread, as memory holds.
 * @param rows Ways to quantise the network, which are corrected side by side. Each gives what it gives alone.
 */
export async function quantizeNetwork(
  session: Pick<Session, "network" | "lanes" | "planning" | "progress">,
  { statistics, samples }: { statistics: Statistics; samples: readonly number[] },
  rows: readonly CalibrationSettings[],
): Promise<QuantizedNetwork[]> {
  const { network: { graph, forms, groups, wide, float }, planning } = session;
  const { values: observations, channels, channelHistograms } = statistics;
  const seen = { forms, groups, wide, observations, channels, channelHistograms };
  const planned:
    (CorrectedRow & { choices: Map<string, ScaleChoice>; initial: CorrectedRow["plan"]["corrections"] })[] = [];
  for (const settings of rows) {
    const { plan, choices } = await makePlan(graph, seen, settings, planning);
    const initial = new Map(plan.corrections);
    planned.push({ plan, settings, outcomes: new Map(), choices, initial });
  }
  const passing = planned.filter(({ settings: { usp, rounding } }) => usp !== "off" || rounding !== "nearest");
  if (passing.length > 0) {
    // Plans for the same forms need the same memory.
    const { arenaBytes } = lower(graph, { plan: passing[0].plan, forms }).program;
    const room = Math.floor(STREAM_BYTES / (float.program.arenaBytes + arenaBytes));
    const chosen = evenlySpread(samples, Math.max(1, Math.min(room, MOST_CORRECTION_SAMPLES)));
    const trust = trustIn(statistics.normalized);
    await correctLayers({ ...session, samples: chosen, trust }, passing);
  }
  return planned.map(({ plan, settings, outcomes, choices, initial }) => {
    const program = lower(graph, { plan, forms });
    const uncorrected = () =>
      settings.usp === "off" ? program : lower(graph, { plan: { ...plan, corrections: initial }, forms });
    const at = (resized: Graph) => lower(resized, { plan, forms });
    return { program, uncorrected, at, choices, outcomes };
  });
}
