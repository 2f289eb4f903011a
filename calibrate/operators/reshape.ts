/**
 * The same elements under another shape.
 *
 * @module
 */

import { elementCount } from "../../runtime/bundle/format.ts";
import type { ReshapeNode } from "../graph/graph.ts";
import { checkNothing, type Operator } from "./operator.ts";

/** The same elements under another shape. */
export const reshape: Operator<ReshapeNode> = {
  shape: (_, [input], { wanted }) =>
    wanted && elementCount(input) === elementCount(wanted)
      ? [...wanted]
      : `cannot give [${input}] the shape [${wanted}]`,
  check: checkNothing,
};
