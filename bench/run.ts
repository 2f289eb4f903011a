/** All benches, one table for each topic: `deno task bench`. */

/** Shares are of the rate of a fully connected layer of 128 rows, 1024 inputs and 1024 channels. */
const TOPICS: [title: string, run: () => Promise<unknown>][] = [
  ["Networks: median time of one sample, batch 1", () => import("./networks_bench.ts")],
  ["Start: fresh processes on one core", () => import("./start_bench.ts")],
  ["Fully connected layers: best / median time and rate", () => import("./gemm_bench.ts")],
  ["Convolutions: best / median time and rate", () => import("./convolution_bench.ts")],
  ["Depthwise convolutions: best / median time and rate", () => import("./depthwise_bench.ts")],
  ["Element-wise kernels: best / median time and rate", () => import("./elementwise_bench.ts")],
];

for (const [title, run] of TOPICS) {
  console.log(`\n${title}\n`);
  await run();
}
