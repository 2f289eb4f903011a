/**
 * What is measured.
 *
 * @module
 */

import { fullyConnected } from "../networks/fully_connected.ts";
import { mobilenetV2 } from "../networks/mobilenet_v2.ts";
import type { Network } from "../networks/network.ts";
import { resnet18 } from "../networks/resnet18.ts";
import type { Arithmetic } from "./files/network_files.ts";

/** Runtimes by the names of their files in `runtimes/`, with their own names. */
export const RUNTIMES = {
  octet: "Octet",
  litert: "LiteRT.js",
  onnxruntime_web: "onnxruntime-web",
  tfjs_wasm: "tfjs-backend-wasm",
} as const;

/** A runtime. */
export type Runtime = keyof typeof RUNTIMES;

/** Builders of the networks, by name. */
export const NETWORKS: Record<string, () => Network> = {
  mobilenet_v2: mobilenetV2,
  resnet18,
  fully_connected_128x1024x1024: () => fullyConnected(128, 1024, 1024),
  fully_connected_1x1024x1024: () => fullyConnected(1, 1024, 1024),
};

/** One network in one arithmetic, in several runtimes. */
export interface Benchmark {
  /** Name, also in the budget. */
  name: string;
  /** Key of {@linkcode NETWORKS}. */
  network: string;
  /** Arithmetic of the network. */
  arithmetic: Arithmetic;
  /** Steady state, or a fresh process up to its first result. */
  kind: "steady" | "start";
  /** Flags for V8. */
  v8Flags: string[];
  /** Runtimes, Octet first. */
  runtimes: Runtime[];
}

/** V8's flag that hides an instruction which few x64 hosts have. */
const NO_AVX_VNNI = "--no-enable-avx-vnni";
const IMAGE_NETWORKS = ["mobilenet_v2", "resnet18"];

/** All benchmarks, in the order of the table. @param architecture That of the host, as in `Deno.build.arch`. */
export function listBenchmarks(architecture: string): Benchmark[] {
  const steady = (network: string, options: Partial<Benchmark> & { runtimes: Runtime[] }): Benchmark => {
    const { arithmetic = "int8", v8Flags = [] } = options;
    const condition = v8Flags.includes(NO_AVX_VNNI) ? " without AVX-VNNI" : "";
    return { name: `${network} ${arithmetic}${condition}`, network, arithmetic, kind: "steady", v8Flags, ...options };
  };
  const eightBit: Runtime[] = ["octet", "litert", "onnxruntime_web"];
  return [
    ...IMAGE_NETWORKS.map((network) => steady(network, { runtimes: eightBit })),
    ...(architecture === "x86_64" ? IMAGE_NETWORKS : []).map((network) =>
      steady(network, { v8Flags: [NO_AVX_VNNI], runtimes: ["octet", "litert"] })
    ),
    ...IMAGE_NETWORKS.map((network) =>
      steady(network, { arithmetic: "float32", runtimes: [...eightBit, "tfjs_wasm"] })
    ),
    ...[128, 1].map((rows) => steady(`fully_connected_${rows}x1024x1024`, { runtimes: eightBit })),
    { ...steady("mobilenet_v2", { runtimes: eightBit }), name: "start of mobilenet_v2 int8", kind: "start" },
  ];
}
