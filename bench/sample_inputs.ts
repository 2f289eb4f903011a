/**
 * Inputs of networks that are timed.
 *
 * @module
 */

import type { Model } from "../runtime/model.ts";

/** One sample for each input, the same on every call. */
export function sampleInputs(model: Model): Record<string, Float32Array<ArrayBuffer>> {
  return Object.fromEntries(model.inputs.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * Math.abs(size), 1);
    return [name, Float32Array.from({ length }, (_, index) => (index * 7 & 63) / 32 - 1)];
  }));
}
