/**
 * Timing of whole networks.
 *
 * @module
 */

import type { Model } from "../runtime/model.ts";
import { median } from "../calibrate/median.ts";
import { sampleInputs } from "./sample_inputs.ts";

const WARM_UP_MS = 100;
const MEASURE_MS = 250;

/** Median time in milliseconds of one sample, after a warm-up. */
export async function medianTime(model: Model): Promise<number> {
  const inputs = sampleInputs(model);
  const warmUntil = performance.now() + WARM_UP_MS;
  while (performance.now() < warmUntil) {
    model.run(inputs);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const times: number[] = [];
  const until = performance.now() + MEASURE_MS;
  while (performance.now() < until) {
    const start = performance.now();
    model.run(inputs);
    times.push(performance.now() - start);
  }
  return median(times);
}
