/**
 * The demo network, calibrated.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { calibrate } from "../../calibrate/calibrate.ts";
import { importOnnx } from "../../calibrate/onnx/import.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";

/** The folder of the demo network and its images. */
export const DEMO = new URL("../../examples/demo/", import.meta.url);

/** How the demo's images become the network's input. */
export const DEMO_PREPROCESSING: Preprocessing = {
  crop: [48, 48],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};

const bundles = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

/** Bytes of the demo network's bundle, calibrated on some images; made once. */
export function demoBundle(samples: number): Promise<Uint8Array<ArrayBuffer>> {
  const made = bundles.get(samples) ?? make(samples);
  bundles.set(samples, made);
  return made;
}

async function make(samples: number): Promise<Uint8Array<ArrayBuffer>> {
  const graph = importOnnx(await Deno.readFile(new URL("network.onnx", DEMO)), { name: "network" });
  const data = fileURLToPath(new URL("calibration_images.npy", DEMO));
  return (await calibrate(graph, { data, samples, preprocessing: DEMO_PREPROCESSING })).bundle;
}
