/**
 * Calibrates a drawn network and runs the bundle that comes of it.
 *
 * @module
 */

import { calibrate, type CalibrationSettings } from "../../../calibrate/mod.ts";
import { writeNpy } from "../../../calibrate/dataset/npy_writer.ts";
import type { Graph } from "../../../calibrate/graph/graph.ts";
import type { Tensor } from "../../../runtime/model.ts";
import { type Random, random } from "../../support/random.ts";
import { askBundle, type Failure, sortLate } from "../ask_octet.ts";
import { isFree } from "./draw_network.ts";
import type { DrawnNetwork } from "./draw_network.ts";

/** Samples that networks are calibrated on. */
const SAMPLES = 6;

/** Decibels below which a calibrated network is not like the float one. */
export const LEAST_SQNR = 6;

/** How well a calibrated network does: decibels of signal over error, the worst output of all samples. */
export type Quality = { kind: "calibrated"; decibels: number; settings: string } | Failure;

/** What calibration says where values are no numbers, which is the network's own fault. */
const NOT_FINITE = /infinite|not finite|not a number|not numbers|NaN/;

/** Calibrates a network with one input and runs the bundle on all builds. */
export async function askCalibrated(
  network: DrawnNetwork,
  graph: Graph,
  float: readonly Record<string, Tensor>[],
  inputs: readonly Record<string, Tensor>[],
): Promise<Quality> {
  const draw = random(network.seed + 13);
  const settings = drawSettings(draw, graph);
  const file = await Deno.makeTempFile({ suffix: ".npy" });
  try {
    await Deno.writeFile(file, samplesOf(network, inputs, draw));
    const { bundle } = await calibrate(graph, { data: file, ...settings });
    const answer = await askBundle(bundle, inputs);
    if (answer.kind !== "answered") return answer;
    return { kind: "calibrated", decibels: worst(answer.outputs, float), settings: JSON.stringify(settings) };
  } catch (error) {
    const failure = sortLate(error);
    const harmless = failure.kind === "refused late" && NOT_FINITE.test(failure.reason);
    return harmless ? { kind: "refused", reason: failure.reason } : failure;
  } finally {
    await Deno.remove(file);
  }
}

function drawSettings({ pick }: Random, { nodes }: Graph): Partial<CalibrationSettings> {
  const hasLayers = nodes.some(({ op }) => op === "convolution" || op === "fullyConnected");
  return {
    ...pick<Partial<CalibrationSettings>>([
      {},
      {},
      { weightBits: 4 },
      { weights: "per-tensor" },
      ...(hasLayers ? [{ keepFloat: 1 }] : []),
    ]),
    ...pick<Partial<CalibrationSettings>>([{}, {}, { scales: "minmax" }, { scales: "percentile" }, {
      scales: "entropy",
    }]),
    ...pick<Partial<CalibrationSettings>>([{}, {}, { usp: "off" }, { usp: "mean" }, { usp: "lsq" }, {
      equalize: false,
    }]),
  };
}

/** The samples of all sets of inputs, each of which a free batch takes one by one. */
function samplesOf(
  network: DrawnNetwork,
  inputs: readonly Record<string, Tensor>[],
  draw: Random,
): Uint8Array<ArrayBuffer> {
  const [name] = Object.keys(network.spec.inputs);
  const { shape } = inputs[0][name];
  const sample = isFree(network) ? shape.slice(1) : shape;
  const length = sample.reduce((a, b) => a * b, 1);
  const given = inputs.flatMap((set) => Array.from(set[name].data));
  const more = Array.from(
    { length: SAMPLES * length },
    (_, index) => given[index % given.length] * draw.pick([1, -1, 0.7]),
  );
  return writeNpy([SAMPLES, ...sample], Float32Array.from(given.concat(more).slice(0, SAMPLES * length)));
}

function worst(answers: readonly Record<string, Tensor>[], float: readonly Record<string, Tensor>[]): number {
  let decibels = Infinity;
  for (const name of Object.keys(float[0])) {
    let [signal, noise] = [0, 0];
    for (const [index, outputs] of float.entries()) {
      outputs[name].data.forEach((value, i) => {
        signal += value ** 2;
        noise += (value - answers[index][name].data[i]) ** 2;
      });
    }
    if (signal > 0 && Number.isFinite(noise)) decibels = Math.min(decibels, 10 * Math.log10(signal / noise));
  }
  return decibels;
}
