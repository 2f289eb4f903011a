/** Fully connected layers: `deno run bench/gemm_bench.ts`. */

import { convolutionWords, report } from "./kernel_bench.ts";

for (const [rows, inputs, channels] of [[128, 1024, 1024], [1, 1024, 1024], [3136, 32, 64], [196, 96, 576]] as const) {
  for (const [name, elementBytes] of [["convolution_u8", 1], ["convolution_f32", 4]] as const) {
    const layer = convolutionWords([1, rows, 1, inputs], { channels, kernel: 1, pad: 0, elementBytes });
    await report(`${name} ${rows}x${inputs}x${channels}`, name, layer);
  }
}
