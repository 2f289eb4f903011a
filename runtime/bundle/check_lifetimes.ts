/**
 * The check that no two tensors that are alive at the same time share memory.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import type { Program, TensorSpec } from "../program.ts";
import { ELEMENT_BYTES, elementCount } from "./format.ts";

/** First and last step in which a tensor must keep its bytes; inputs are born before step 0. */
export interface Lifetime {
  birth: number;
  death: number;
}

/**
 * Works out the lifetime of every tensor of a program.
 *
 * @returns One entry per tensor, undefined where no step uses it.
 * @throws {BundleError} Where a step reads a tensor that nothing wrote.
 */
export function lifetimesOf(program: Program): (Lifetime | undefined)[] {
  const lifetimes: (Lifetime | undefined)[] = new Array(program.tensors.length).fill(undefined);
  for (const port of program.inputs) lifetimes[port.tensor] = { birth: -1, death: -1 };
  program.steps.forEach((step, index) => {
    for (const input of step.inputs) {
      const lifetime = lifetimes[input];
      if (!lifetime) {
        throw new BundleError(`Step "${step.name}" reads tensor "${program.tensors[input].name}" before it is written`);
      }
      lifetime.death = index;
    }
    const output = lifetimes[step.output] ??= { birth: index, death: index };
    output.death = index;
  });
  for (const port of program.outputs) {
    const lifetime = lifetimes[port.tensor];
    if (!lifetime) throw new BundleError(`Output "${port.name}" is never written`);
    lifetime.death = program.steps.length;
  }
  return lifetimes;
}

/** A live tensor's place in the arena: bytes from `start` to the one before `end`. */
interface Extent {
  index: number;
  start: number;
  end: number;
}

/**
 * Checks that tensors that are alive in the same step lie apart in the arena.
 *
 * @throws {BundleError} At the first pair that overlaps.
 */
export function checkLifetimes(program: Program): void {
  const lifetimes = lifetimesOf(program);
  const entries = lifetimes.flatMap((lifetime, index) =>
    lifetime ? [{ ...lifetime, ...extentOf(program.tensors[index], index) }] : []
  );
  const deaths = entries.toSorted((a, b) => a.death - b.death);
  /** In ascending order; as no two overlap, a new one can only overlap those next to its place. */
  const alive: Extent[] = [];
  let dead = 0;
  for (const entry of entries.toSorted((a, b) => a.birth - b.birth)) {
    for (; deaths[dead].death < entry.birth; dead++) alive.splice(placeOf(alive, deaths[dead].start), 1);
    const place = placeOf(alive, entry.start);
    for (const other of alive.slice(Math.max(0, place - 1), place + 1)) {
      if (entry.start < other.end && other.start < entry.end) {
        throw new BundleError(`tensors[${entry.index}] overlaps tensors[${other.index}] while both are alive`);
      }
    }
    alive.splice(place, 0, entry);
  }
}

/** Number of extents that start before `start`. */
function placeOf(extents: readonly Extent[], start: number): number {
  let [low, high] = [0, extents.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (extents[middle].start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

function extentOf(tensor: TensorSpec, index: number): Extent {
  const bytes = elementCount(tensor.shape) * ELEMENT_BYTES[tensor.type];
  return { index, start: tensor.offset, end: tensor.offset + bytes };
}
