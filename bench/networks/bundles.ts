/**
 * Bundles of networks with random weights, calibrated on random samples by
 * the methods that take least time: others change numbers, not the speed.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { calibrate } from "../../calibrate/calibrate.ts";
import { writeNpy } from "../../calibrate/dataset/npy_writer.ts";
import { lower } from "../../calibrate/program/lower.ts";
import { importOnnx } from "../../calibrate/onnx/import.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { cached } from "./cache.ts";
import { writeFloatOnnx } from "./float_onnx.ts";
import type { Network } from "./network.ts";
import { drawSample, imageRecipe } from "./samples.ts";

/** Number of samples that ranges are observed on. */
export const CALIBRATION_SAMPLES = 4;

/** Bundles of one network. */
export interface NetworkBundles {
  /** Path of the float32 bundle. */
  float32: URL;
  /** Path of the int8 bundle: per-channel weights, ranges from minimum to maximum, uncorrected. */
  int8: URL;
}

/** Makes both bundles of a network, or takes them from the cache. */
export async function networkBundles(network: Network): Promise<NetworkBundles> {
  const graph = () => importOnnx(writeFloatOnnx(network), { name: network.name });
  const float32 = await cached(`${network.name}_float32.octet`, async () => {
    const { program, data } = lower(graph());
    return await writeBundle(program, data);
  });
  const samples = await cached(`${network.name}_samples.npy`, () => {
    const drawn = Array.from({ length: CALIBRATION_SAMPLES }, (_, index) => drawSample(network, index));
    const all = new Float32Array(drawn.length * drawn[0].length);
    drawn.forEach((sample, index) => all.set(sample, index * sample.length));
    return writeNpy([drawn.length, ...network.shapes.get(network.input)!], all);
  });
  const int8 = await cached(`${network.name}_int8.octet`, async () => {
    const { bundle } = await calibrate(graph(), {
      data: fileURLToPath(samples),
      ...imageRecipe(network),
      scales: "minmax",
      usp: "off",
    });
    return bundle;
  });
  return { float32, int8 };
}
