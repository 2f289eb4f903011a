/**
 * What all measurements of one run of the command share.
 *
 * @module
 */

import type { Network } from "../networks/network.ts";
import type { Benchmark, Runtime } from "./benchmarks.ts";
import type { Arithmetic, NetworkFiles } from "./files/network_files.ts";
import type { Packages } from "./packages.ts";
import type { ProcessOptions } from "./processes.ts";
import type { Job } from "./job.ts";

/** Networks and packages, ready to be measured. */
export interface Setting {
  /** Core that every measured process is pinned to. */
  core: number;
  /** Where the peers are. */
  packages: Packages;
  /** What a process of each runtime runs: one module, as it would be deployed, but for the peers' packages. */
  scripts: Readonly<Record<Runtime, URL>>;
  /** The networks, with their files. */
  networks: Map<string, { network: Network; files: NetworkFiles }>;
}

/** Runtimes that take images as [batch, height, width, channels]. */
const CHANNELS_LAST: readonly Runtime[] = ["litert", "tfjs_wasm"];

/** The process that runs a benchmark's network in a runtime. */
export function describeProcess(
  { core, packages, scripts, networks }: Setting,
  { network: name, v8Flags }: Pick<Benchmark, "network" | "v8Flags">,
  { runtime, arithmetic, milliseconds, output }: {
    runtime: Runtime;
    arithmetic: Arithmetic;
    milliseconds: number;
    output?: string;
  },
): ProcessOptions & { job: Job } {
  const { network, files } = networks.get(name)!;
  const channelsLast = CHANNELS_LAST.includes(runtime);
  const shape = network.shapes.get(network.input)!;
  const model = modelFile(files, runtime, arithmetic);
  return {
    core,
    v8Flags,
    script: scripts[runtime],
    ...(runtime !== "octet" && { config: packages.config }),
    job: {
      ...(model && { model: model.pathname }),
      network: name,
      sample: (channelsLast ? files.sample.channelsLast : files.sample.channelsFirst).pathname,
      shape: placedShape(shape, { runtime, arithmetic }),
      packages: packages.folder.href,
      milliseconds,
      ...(output !== undefined && { output }),
    },
  };
}

function modelFile(files: NetworkFiles, runtime: Runtime, arithmetic: Arithmetic): URL | undefined {
  if (runtime === "octet") return files.octet[arithmetic];
  if (runtime === "litert") return files.tflite[arithmetic];
  if (runtime === "onnxruntime_web") return files.onnx[arithmetic];
}

/** Shape of the sample as the runtime's file has it. */
function placedShape(
  shape: number[],
  { runtime, arithmetic }: { runtime: Runtime; arithmetic: Arithmetic },
): number[] {
  if (shape.length === 3) {
    const [channels, height, width] = shape;
    return CHANNELS_LAST.includes(runtime) ? [1, height, width, channels] : [1, channels, height, width];
  }
  const batched = runtime === "octet" || (runtime === "onnxruntime_web" && arithmetic === "float32");
  return batched ? [1, ...shape] : shape;
}
