/**
 * A process that measures speeds as ratios: prints them as JSON.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { calibrate } from "../../calibrate/calibrate.ts";
import { lower } from "../../calibrate/program/lower.ts";
import { importOnnx } from "../../calibrate/onnx/import.ts";
import { writeBundle } from "../../runtime/bundle/write.ts";
import { Model } from "../../runtime/model.ts";
import type { KernelBuild } from "../../runtime/kernels/build.ts";
import { builds, convolutionWords, measure, peakRate, prepare } from "../kernel_calls.ts";
import { medianTime } from "../time_model.ts";

/** Speeds in one build of the kernels. */
export interface Speeds {
  /** The build. */
  build: KernelBuild;
  /** Time in float32 over that in int8, by path of the float network. */
  speedUps: Record<string, number>;
  /** Rate over the peak, by name of kernel and shapes. */
  shares: Record<string, number>;
}

const DEMO = "examples/demo/network.onnx";
const ROUNDS = 5;
const u8 = { elementBytes: 1 } as const;
const KERNELS = {
  "convolution_u8 1x1024x1024": convolutionWords([1, 1, 1, 1024], { channels: 1024, kernel: 1, pad: 0, ...u8 }),
  "convolution_u8 3x3 56x56x64->64": convolutionWords([1, 56, 56, 64], { channels: 64, kernel: 3, pad: 1, ...u8 }),
  "depthwise_u8 3x3 56x56x144": convolutionWords([1, 56, 56, 144], {
    channels: 144,
    kernel: 3,
    pad: 1,
    depthwise: true,
    ...u8,
  }),
};

if (import.meta.main) {
  const bundles = await demoBundles();
  const speeds: Speeds[] = [];
  for (const build of builds) {
    speeds.push({ build, speedUps: { [DEMO]: await speedUp(bundles, build) }, shares: await sharesOf(build) });
  }
  console.log(JSON.stringify(speeds));
}

interface Bundles {
  float32: Uint8Array;
  int8: Uint8Array;
}

async function demoBundles(): Promise<Bundles> {
  const root = new URL("../../", import.meta.url);
  const graph = importOnnx(await Deno.readFile(new URL(DEMO, root)), { name: "demo" });
  const { bundle } = await calibrate(graph, {
    data: fileURLToPath(new URL("examples/demo/calibration_images.npy", root)),
    samples: 4,
    preprocessing: { crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  });
  const { program, data } = lower(graph);
  return { float32: await writeBundle(program, data), int8: bundle };
}

/** The best rounds of both types, in turn: what else runs on the core only adds time. */
async function speedUp(bundles: Bundles, kernels: KernelBuild): Promise<number> {
  const float32 = await Model.load(bundles.float32, { kernels });
  const int8 = await Model.load(bundles.int8, { kernels });
  const times: Record<"float32" | "int8", number[]> = { float32: [], int8: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.float32.push(await medianTime(float32));
    times.int8.push(await medianTime(int8));
  }
  return Math.min(...times.float32) / Math.min(...times.int8);
}

async function sharesOf(build: KernelBuild): Promise<Record<string, number>> {
  const peak = await peakRate(build, "u8");
  const shares: Record<string, number> = {};
  for (const [name, { words, operations }] of Object.entries(KERNELS)) {
    const { best } = await measure(prepare(build, name.split(" ")[0], words));
    shares[name] = operations / best / 1e6 / peak;
  }
  return shares;
}
