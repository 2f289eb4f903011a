/**
 * ResNet-18, as in He et al., "Deep Residual Learning for Image Recognition"
 * (2015), with BatchNormalization folded.
 *
 * @module
 */

import type { Network } from "./network.ts";
import {
  addAddition,
  addAveragePool,
  addConvolution,
  addFullyConnected,
  addMaximumPool,
  finishNetwork,
  startNetwork,
} from "./network_builder.ts";

const SEED = 2015;
/** Channels and first stride of the four stages, each of two blocks. */
const STAGES = [[64, 1], [128, 2], [256, 2], [512, 2]];

/** Builds the network with random weights: [3, 224, 224] to 1000 classes. */
export function resnet18(): Network {
  const builder = startNetwork("resnet18", [3, 224, 224], SEED);
  const activation = "relu";
  let value = addConvolution(builder, "x", { channels: 64, kernel: 7, stride: 2, activation });
  value = addMaximumPool(builder, value, { kernel: 3, stride: 2 });
  for (const [channels, firstStride] of STAGES) {
    for (const stride of [firstStride, 1]) {
      const [inputs] = builder.network.shapes.get(value)!;
      const first = addConvolution(builder, value, { channels, kernel: 3, stride, activation });
      const second = addConvolution(builder, first, { channels, kernel: 3 });
      const shortcut = stride === 1 && inputs === channels
        ? value
        : addConvolution(builder, value, { channels, kernel: 1, stride });
      value = addAddition(builder, [second, shortcut], activation);
    }
  }
  addFullyConnected(builder, addAveragePool(builder, value), 1000);
  return finishNetwork(builder);
}
