/**
 * Observation of a network's values, for the peers' quantised files.
 *
 * @module
 */

import { floatModel } from "../../../calibrate/float_model.ts";
import { importOnnx } from "../../../calibrate/onnx/import.ts";
import { CALIBRATION_SAMPLES } from "../../networks/bundles.ts";
import { writeFloatOnnx } from "../../networks/float_onnx.ts";
import type { Network } from "../../networks/network.ts";
import { drawSample } from "../../networks/samples.ts";

/** Quantisation of a value: real = scale x (q - zeroPoint), q from 0 to 255. */
export interface ValueGrid {
  /** A float32. */
  scale: number;
  /** 0 to 255. */
  zeroPoint: number;
}

/**
 * Chooses the grid of each value of a network, from the least to the greatest
 * number seen on the samples that Octet's bundles are calibrated on.
 *
 * @returns Grids by name of the value; a maximum pool keeps its input's.
 */
export async function observeGrids(network: Network): Promise<Map<string, ValueGrid>> {
  const model = await floatModel(importOnnx(writeFloatOnnx(network, { everyValue: true }), { name: network.name }));
  const ranges = new Map<string, [number, number]>();
  for (let index = 0; index < CALIBRATION_SAMPLES; index++) {
    const sample = drawSample(network, index);
    extend(ranges, network.input, sample);
    for (const [name, { data }] of Object.entries(model.run({ [network.input]: sample }))) extend(ranges, name, data);
  }
  for (const { kind, inputs, output } of network.layers) {
    if (kind === "maximumPool") ranges.set(output, ranges.get(inputs[0])!);
  }
  return new Map(Array.from(ranges, ([name, [low, high]]) => {
    const scale = Math.fround((high - low) / 255);
    return [name, { scale, zeroPoint: Math.round(-low / scale) }];
  }));
}

function extend(ranges: Map<string, [number, number]>, name: string, data: Float32Array): void {
  let [low, high] = ranges.get(name) ?? [0, 0];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  ranges.set(name, [low, high]);
}
