/**
 * MobileNetV2, width 1.0, as in Sandler et al., "MobileNetV2: Inverted
 * Residuals and Linear Bottlenecks" (2018), with BatchNormalization folded.
 *
 * @module
 */

import type { Network } from "./network.ts";
import {
  addAddition,
  addAveragePool,
  addConvolution,
  addFullyConnected,
  finishNetwork,
  startNetwork,
} from "./network_builder.ts";

const SEED = 2018;
/** Table 2 of the paper: expansion, channels, blocks, stride of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** Builds the network with random weights: [3, 224, 224] to 1000 classes. */
export function mobilenetV2(): Network {
  const builder = startNetwork("mobilenet_v2", [3, 224, 224], SEED);
  const activation = "relu6";
  let value = addConvolution(builder, "x", { channels: 32, kernel: 3, stride: 2, activation });
  for (const [expansion, channels, blocks, firstStride] of STAGES) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? firstStride : 1;
      const [inputs] = builder.network.shapes.get(value)!;
      const expanded = expansion === 1
        ? value
        : addConvolution(builder, value, { channels: inputs * expansion, kernel: 1, activation });
      const filtered = addConvolution(builder, expanded, { kernel: 3, stride, activation });
      const projected = addConvolution(builder, filtered, { channels, kernel: 1 });
      value = stride === 1 && inputs === channels ? addAddition(builder, [value, projected]) : projected;
    }
  }
  value = addConvolution(builder, value, { channels: 1280, kernel: 1, activation });
  addFullyConnected(builder, addAveragePool(builder, value), 1000);
  return finishNetwork(builder);
}
