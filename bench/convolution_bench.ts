/** Convolutions of an image: `deno bench -A bench/convolution_bench.ts`. */

import { convolutionWords } from "./kernel_calls.ts";
import { benchLayer } from "./rates.ts";

await benchLayer(
  "3x3, 56x56x64 to 64",
  "convolution",
  (elementBytes) => convolutionWords([1, 56, 56, 64], { channels: 64, kernel: 3, pad: 1, elementBytes }),
);
await benchLayer(
  "3x3, 7x7x512 to 512",
  "convolution",
  (elementBytes) => convolutionWords([1, 7, 7, 512], { channels: 512, kernel: 3, pad: 1, elementBytes }),
);
await benchLayer(
  "7x7/2, 224x224x3 to 64",
  "convolution",
  (elementBytes) => convolutionWords([1, 224, 224, 3], { channels: 64, kernel: 7, pad: 3, stride: 2, elementBytes }),
);
