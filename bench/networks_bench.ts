/** Whole networks, float32 and int8, in each build of the kernels: `deno run -A bench/networks_bench.ts`. */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { calibrate } from "../calibrate/calibrate.ts";
import { lower } from "../calibrate/lower/lower.ts";
import { importOnnx } from "../calibrate/onnx/import.ts";
import { describeNetwork } from "../calibrate/report/describe_network.ts";
import { textTable } from "../calibrate/report/text_table.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import { Model } from "../runtime/model.ts";
import type { Preprocessing } from "../runtime/preprocessing.ts";
import type { BundleSource } from "../runtime/source.ts";
import { builds, peakRate } from "./kernel_bench.ts";
import { networkBundles } from "./networks/bundles.ts";
import { mobilenetV2 } from "./networks/mobilenet_v2.ts";
import { resnet18 } from "./networks/resnet18.ts";
import { medianTime } from "./time_model.ts";

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

const rows: (string | number)[][] = [];
for (const { network, images, preprocessing } of NETWORKS) {
  const [file, data] = [network, images].map((path) => fileURLToPath(new URL(`../${path}`, import.meta.url)));
  if (!exists(file) || !exists(data)) {
    console.log(`Skipped ${network}: the network or its calibration images are not there`);
    continue;
  }
  const onnx = Deno.readFileSync(file);
  const name = basename(network, ".onnx");
  const graph = importOnnx(onnx, { name });
  const { multiplyAdds } = describeNetwork(onnx, { name });
  const float = lower(graph);
  const { bundle } = await calibrate(graph, { data, samples: CALIBRATION_SAMPLES, preprocessing });
  await measure(network, multiplyAdds, { float32: await writeBundle(float.program, float.data), int8: bundle });
}
for (const network of [mobilenetV2(), resnet18()]) {
  await measure(`${network.name}, random weights`, network.multiplyAdds, await networkBundles(network));
}
console.log(textTable(["network", "type", "build", "ms", "GMAC/s", "of peak", "speed-up"], rows, {
  align: ["left", "left", "left", "right", "right", "right", "right"],
}));

/** Adds the rows of a network: both types in every build of the kernels. */
async function measure(
  network: string,
  multiplyAdds: number,
  bundles: Record<"float32" | "int8", BundleSource>,
): Promise<void> {
  for (const kernels of builds) {
    const models = {
      float32: await Model.load(bundles.float32, { kernels }),
      int8: await Model.load(bundles.int8, { kernels }),
    };
    const times = { float32: await medianTime(models.float32), int8: await medianTime(models.int8) };
    for (const type of ["float32", "int8"] as const) {
      const rate = multiplyAdds / times[type] / 1e6;
      const share = rate / await peakRate(kernels, type === "int8" ? "u8" : "f32");
      const speedUp = type === "int8" ? (times.float32 / times.int8).toFixed(2) : "";
      rows.push([
        network,
        type,
        kernels,
        times[type].toFixed(3),
        rate.toFixed(1),
        `${(share * 100).toFixed(0)} %`,
        speedUp,
      ]);
    }
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
