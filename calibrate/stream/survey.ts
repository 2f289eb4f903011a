/**
 * The stage that looks for samples on which values explode, before any are counted.
 *
 * @module
 */

import { peakOf } from "../observe/sample_summary.ts";
import type { LaneNetwork } from "./lane_network.ts";
import { byTensor } from "./observation.ts";
import { stepRanges } from "./step_ranges.ts";

/** What a lane can be asked while it surveys. */
export interface SurveyStage {
  /** Runs the float program on a sample. @returns The greatest magnitude of each value and output; Infinity where one is not finite. */
  survey(sample: number): Promise<Float32Array>;
}

/** Opens the stage. @param values The values to look at beside the outputs. */
export function openSurvey(
  { samples, float, executor }: LaneNetwork,
  values: readonly { name: string }[],
): SurveyStage {
  const watchers = byTensor(values, float);
  const { inputs, outputs, steps } = float.program;
  return {
    async survey(sample) {
      const peaks = new Float32Array(values.length + outputs.length);
      const record = (tensor: number) => {
        for (const value of watchers.get(tensor) ?? []) peaks[value] = peakOf(executor.tensor(tensor) as Float32Array);
      };
      const { write } = await samples.read(sample);
      write(executor);
      for (const { tensor } of inputs) record(tensor);
      for (const { first, end } of stepRanges(float).values()) {
        executor.run(first, end);
        new Set(steps.slice(first, end).map(({ output }) => output)).forEach(record);
      }
      for (const [index, { tensor }] of outputs.entries()) {
        peaks[values.length + index] = peakOf(executor.tensor(tensor) as Float32Array);
      }
      return peaks;
    },
  };
}
