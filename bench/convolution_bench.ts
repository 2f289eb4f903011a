/** Convolutions of an image: `deno run bench/convolution_bench.ts`. */

import { convolutionWords, report } from "./kernel_bench.ts";

for (const [name, elementBytes] of [["convolution_u8", 1], ["convolution_f32", 4]] as const) {
  const middle = convolutionWords([1, 56, 56, 64], { channels: 64, kernel: 3, pad: 1, elementBytes });
  await report(`${name} 3x3 56x56x64->64`, name, middle);
  const last = convolutionWords([1, 7, 7, 512], { channels: 512, kernel: 3, pad: 1, elementBytes });
  await report(`${name} 3x3 7x7x512->512`, name, last);
  const first = convolutionWords([1, 224, 224, 3], { channels: 64, kernel: 7, pad: 3, stride: 2, elementBytes });
  await report(`${name} 7x7/2 224x224x3->64`, name, first);
}
