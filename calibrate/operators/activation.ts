/**
 * Activation functions on their own.
 *
 * @module
 */

import type { ActivationNode } from "../graph/graph.ts";
import type { Operator } from "./operator.ts";

/** An activation function on its own. */
export const activation: Operator<ActivationNode> = {
  shape: (_, [input]) => [...input],
  check({ activation, slopes }) {
    if (activation.kind === "identity") return "is an activation that does nothing";
    if ((activation.kind === "prelu") !== (slopes !== undefined)) return "has slopes where none belong, or lacks them";
    return undefined;
  },
};
