/**
 * What all stages of a lane work on: the samples and the float network.
 *
 * @module
 */

import { Executor } from "../../runtime/executor.ts";
import type { DatasetOptions } from "../dataset/open_dataset.ts";
import type { Lowered } from "../program/lower.ts";
import { openSampleWriter, type SampleWriter } from "./sample_writer.ts";

/** What a lane opens. */
export interface LaneSetup {
  /** Path of the samples. */
  data: string;
  /** What they are for. */
  dataset: DatasetOptions;
  /** The float program, lowered with probes. */
  float: Lowered;
}

/** The samples and the float network of a lane. */
export interface LaneNetwork {
  /** The samples. */
  samples: SampleWriter;
  /** The float program. */
  float: Lowered;
  /** Runs it. */
  executor: Executor;
}

/** Opens the samples, and an executor for the float program. */
export async function openLaneNetwork({ data, dataset, float }: LaneSetup): Promise<LaneNetwork> {
  return { samples: await openSampleWriter(data, dataset), float, executor: new Executor(float) };
}
