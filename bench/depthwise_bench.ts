/** Depthwise convolutions: `deno bench -A bench/depthwise_bench.ts`. */

import { convolutionWords } from "./kernel_calls.ts";
import { benchLayer } from "./rates.ts";

for (const [size, channels, stride] of [[56, 144, 1], [112, 96, 2], [14, 576, 1]] as const) {
  const options = { channels, kernel: 3, pad: 1, stride, depthwise: true };
  await benchLayer(
    `depthwise 3x3/${stride}, ${size}x${size}x${channels}`,
    "depthwise",
    (elementBytes) => convolutionWords([1, size, size, channels], { ...options, elementBytes }),
  );
}
