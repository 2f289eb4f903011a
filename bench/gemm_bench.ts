/** Fully connected layers: `deno bench -A bench/gemm_bench.ts`. */

import { convolutionWords } from "./kernel_calls.ts";
import { benchLayer } from "./rates.ts";

for (const [rows, inputs, channels] of [[128, 1024, 1024], [1, 1024, 1024], [3136, 32, 64], [196, 96, 576]] as const) {
  await benchLayer(
    `fully connected ${rows}x${inputs}x${channels}`,
    "convolution",
    (elementBytes) => convolutionWords([1, rows, 1, inputs], { channels, kernel: 1, pad: 0, elementBytes }),
  );
}
