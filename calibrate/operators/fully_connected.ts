/**
 * Product of the last dimension with constant weights.
 *
 * @module
 */

import type { FullyConnectedNode } from "../graph/graph.ts";
import { checkLayer } from "./layer_parameters.ts";
import type { Operator } from "./operator.ts";

/** Product of the last dimension with constant weights. */
export const fullyConnected: Operator<FullyConnectedNode> = {
  shape({ weightShape: [outputs, inputs] }, [input]) {
    return input.at(-1) === inputs
      ? [...input.slice(0, -1), outputs]
      : `of weights [${outputs},${inputs}] does not fit [${input}]`;
  },
  check: checkLayer,
};
