/**
 * A network of a single fully connected layer.
 *
 * @module
 */

import type { Network } from "./network.ts";
import { addFullyConnected, finishNetwork, startNetwork } from "./network_builder.ts";

const SEED = 1024;

/**
 * Builds the network with random weights.
 *
 * @param rows Rows of the input, M.
 * @param outputs Features made, N.
 * @param inputs Features read, K.
 */
export function fullyConnected(rows: number, outputs: number, inputs: number): Network {
  const name = `fully_connected_${rows}x${outputs}x${inputs}`;
  const builder = startNetwork(name, [rows, inputs], SEED);
  addFullyConnected(builder, "x", outputs);
  return finishNetwork(builder);
}
