/**
 * Timing of whole networks.
 *
 * @module
 */

import type { Model } from "../runtime/model.ts";

const WARM_UP_MS = 100;
const MEASURE_MS = 250;

/** Median time in milliseconds of one sample, after a warm-up. */
export async function medianTime(model: Model): Promise<number> {
  const { name, shape } = model.inputs[0];
  const length = shape.reduce((product, size) => product * Math.abs(size), 1);
  const input = { [name]: Float32Array.from({ length }, (_, index) => (index * 7 & 63) / 32 - 1) };
  const warmUntil = performance.now() + WARM_UP_MS;
  while (performance.now() < warmUntil) {
    model.run(input);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const times: number[] = [];
  const until = performance.now() + MEASURE_MS;
  while (performance.now() < until) {
    const start = performance.now();
    model.run(input);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}
