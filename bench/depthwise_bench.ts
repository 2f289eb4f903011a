/** Depthwise convolutions: `deno run bench/depthwise_bench.ts`. */

import { convolutionWords, report } from "./kernel_bench.ts";

for (const [name, elementBytes] of [["depthwise_u8", 1], ["depthwise_f32", 4]] as const) {
  for (const [size, channels, stride] of [[56, 144, 1], [112, 96, 2], [14, 576, 1]] as const) {
    const options = { channels, kernel: 3, pad: 1, stride, depthwise: true, elementBytes };
    const layer = convolutionWords([1, size, size, channels], options);
    await report(`${name} 3x3/${stride} ${size}x${size}x${channels}`, name, layer);
  }
}
