/**
 * The steps of each node in a lowered program.
 *
 * @module
 */

import type { Lowered } from "../program/lower.ts";

/** Steps from `first` to the one before `end`. */
export interface StepRange {
  first: number;
  end: number;
}

/** The steps of each node, by the name of its output; "" stands for the conversion of the inputs. */
export function stepRanges(lowered: Pick<Lowered, "owners">): Map<string, StepRange> {
  const ranges = new Map<string, StepRange>();
  for (const [step, owner] of lowered.owners.entries()) {
    const range = ranges.get(owner);
    if (range) range.end = step + 1;
    else ranges.set(owner, { first: step, end: step + 1 });
  }
  return ranges;
}
