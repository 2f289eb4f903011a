/**
 * Parts of values.
 *
 * @module
 */

import type { SliceNode } from "../graph/graph.ts";
import type { Operator } from "./operator.ts";

/** A part of a value. */
export const slice: Operator<SliceNode> = {
  shape({ starts, steps }, [input], { wanted }) {
    const inside = wanted?.length === input.length && input.every((length, axis) => {
      const end = starts[axis] + (wanted[axis] - 1) * steps[axis];
      return starts[axis] >= 0 && starts[axis] < length && end >= 0 && end < length;
    });
    return inside ? [...wanted] : `cannot cut [${wanted}] out of [${input}] from [${starts}] in steps of [${steps}]`;
  },
  check: ({ starts, steps }) => starts.length === steps.length ? undefined : "has starts that do not go with its steps",
};
