/**
 * From the statistics of a network to its 8-bit programs: the plan, and its
 * correction.
 *
 * @module
 */

import type { CorrectionOutcome } from "./correct/correct_layer.ts";
import { correctLayers } from "./correct/correct_layers.ts";
import { evenlySpread } from "./evenly_spread.ts";
import { lower, type Lowered } from "./lower/lower.ts";
import type { Statistics } from "./observe/statistics.ts";
import { makePlan, type ScaleChoice } from "./quantize/make_plan.ts";
import type { Session } from "./session.ts";
import type { CalibrationSettings } from "./settings.ts";

/** A quantised network. */
export interface QuantizedNetwork {
  /** The 8-bit program. */
  program: Lowered;
  /** The 8-bit program before its correction; the same where there is none. */
  uncorrected: Lowered;
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
 */
export async function quantizeNetwork(
  session: Pick<Session, "network" | "lanes" | "progress">,
  { statistics, samples }: { statistics: Statistics; samples: readonly number[] },
  settings: CalibrationSettings,
): Promise<QuantizedNetwork> {
  const { network: { graph, forms, groups, float }, lanes, progress } = session;
  const observations = statistics.values;
  const { channels } = statistics;
  const { plan, choices } = await makePlan(graph, { forms, groups, observations, channels }, settings, lanes);
  const { corrections } = plan;
  if (settings.usp === "off" && settings.rounding === "nearest") {
    const program = lower(graph, { plan, forms });
    return { program, uncorrected: program, choices, outcomes: new Map() };
  }
  const { arenaBytes } = lower(graph, { plan, forms }).program;
  const room = Math.floor(STREAM_BYTES / (float.program.arenaBytes + arenaBytes));
  const chosen = evenlySpread(samples, Math.max(1, Math.min(room, MOST_CORRECTION_SAMPLES)));
  const corrected = { ...plan, corrections: new Map(corrections) };
  const outcomes = await correctLayers(
    { lanes, graph, forms, plan: corrected, samples: chosen },
    { mode: settings.usp, target: settings.uspTarget, rounding: settings.rounding, progress },
  );
  const program = lower(graph, { plan: corrected, forms });
  const uncorrected = settings.usp === "off" ? program : lower(graph, { plan: { ...corrected, corrections }, forms });
  return { program, uncorrected, choices, outcomes };
}
