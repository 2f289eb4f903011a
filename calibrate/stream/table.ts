/**
 * The stages of a calibration as lanes have them. Each is a module with its own
 * state; what they return does not depend on the number of lanes.
 *
 * @module
 */

import { type Lanes, openLanes, type Team } from "../lanes/lanes.ts";
import { openComparison } from "./comparison.ts";
import { openCorrection } from "./correction.ts";
import { openKnownSamples } from "./known_samples.ts";
import { openLaneNetwork } from "./lane_network.ts";
import { openObservation } from "./observation.ts";
import { openPlanning } from "./planning.ts";
import { openScoring } from "./scoring.ts";
import { openSurvey } from "./survey.ts";

/** The stages by name. */
export const CALIBRATION = {
  worker: new URL("./worker.ts", import.meta.url),
  share: openLaneNetwork,
  stages: {
    samples: openKnownSamples,
    survey: openSurvey,
    observe: openObservation,
    plan: openPlanning,
    correct: openCorrection,
    compare: openComparison,
    score: openScoring,
  },
};

/** Lanes for the stages of a calibration. */
export type CalibrationLanes = Lanes<typeof CALIBRATION>;

/** A stage of a calibration that is open on all lanes. */
export type StageTeam<Stage extends keyof typeof CALIBRATION.stages> = Team<
  Awaited<ReturnType<(typeof CALIBRATION.stages)[Stage]>>
>;

/** Opens lanes for a calibration. @param threads Number of workers; 1 works in this isolate. */
export function openCalibrationLanes(threads: number): CalibrationLanes {
  return openLanes(CALIBRATION, threads);
}
