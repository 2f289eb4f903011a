/** Whole networks, one sample, float32 and int8: `deno bench -A bench/networks_bench.ts`. */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { calibrate } from "../calibrate/calibrate.ts";
import { lower } from "../calibrate/program/lower.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { describeNetwork } from "../calibrate/inspect/describe_network.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import type { KernelBuild } from "../runtime/kernels/build.ts";
import { Model } from "../runtime/model.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { BundleSource } from "../runtime/source.ts";
import { builds, peakRate } from "./kernel_calls.ts";
import { networkBundles } from "./networks/bundles.ts";
import { mobilenetV2 } from "./networks/mobilenet_v2.ts";
import { resnet18 } from "./networks/resnet18.ts";
import { benchRate } from "./rates.ts";
import { sampleInputs } from "./sample_inputs.ts";

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Networks with images to calibrate on; paths from the project's root. */
const NETWORKS: { network: string; images: string; preprocessing: Preprocessing }[] = [
  {
    network: "examples/demo/network.onnx",
    images: "examples/demo/calibration_images.npy",
    preprocessing: { resize: 48, crop: [48, 48], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  },
  {
    network: "../shared/models/resnet20_cifar.onnx",
    images: "../shared/data/cifar10/calibration_images.npy",
    preprocessing: { resize: 32, crop: [32, 32], ...IMAGENET },
  },
  {
    network: "../shared/models/mobilenetv1_025.onnx",
    images: "../shared/data/imagenet-sample/calibration_images.npy",
    preprocessing: { resize: 256, crop: [224, 224], ...IMAGENET },
  },
];
const CALIBRATION_SAMPLES = 4;

for (const { network, images, preprocessing } of NETWORKS) {
  const [file, data] = [network, images].map((path) => fileURLToPath(new URL(`../${path}`, import.meta.url)));
  if (!exists(file) || !exists(data)) {
    console.error(`Skipped ${network}: the network or its calibration images are not there`);
    continue;
  }
  const onnx = Deno.readFileSync(file);
  const name = basename(network, ".onnx");
  const graph = importOnnx(onnx, { name });
  const { multiplyAdds } = describeNetwork(onnx, { name });
  const float = lower(graph);
  const { bundle } = await calibrate(graph, { data, samples: CALIBRATION_SAMPLES, preprocessing });
  await bench(network, multiplyAdds, { float32: await writeBundle(float.program, float.data), int8: bundle });
}
for (const network of [mobilenetV2(), resnet18()]) {
  await bench(`${network.name}, random weights`, network.multiplyAdds, await networkBundles(network));
}

/** Registers a network in float32 as the baseline, and in int8 in each build that this machine can use. */
async function bench(
  network: string,
  multiplyAdds: number,
  bundles: Record<"float32" | "int8", BundleSource>,
): Promise<void> {
  await benchModel({ group: network, name: "float32", baseline: true }, multiplyAdds, bundles.float32, builds[0]);
  for (const build of builds) {
    await benchModel({ group: network, name: `int8, ${build}` }, multiplyAdds, bundles.int8, build);
  }
}

async function benchModel(
  bench: { group: string; name: string; baseline?: boolean },
  operations: number,
  bundle: BundleSource,
  kernels: KernelBuild,
): Promise<void> {
  const model = await Model.load(bundle, { kernels });
  const inputs = sampleInputs(model);
  const peak = await peakRate(kernels, bench.baseline ? "f32" : "u8");
  await benchRate({ ...bench, operations, peak }, () => void model.run(inputs));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
