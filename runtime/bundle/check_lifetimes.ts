/**
 * The check that no two tensors that are alive at the same time share memory.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import { intermediateOf } from "../kernels/registry.ts";
import type { Program } from "../program.ts";
import { tensorBytes } from "../tensor.ts";

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
    for (const written of [step.output, intermediateOf(step)]) {
      if (written === undefined) continue;
      const lifetime = lifetimes[written] ??= { birth: index, death: index };
      lifetime.death = index;
    }
  });
  for (const port of program.outputs) {
    const lifetime = lifetimes[port.tensor];
    if (!lifetime) throw new BundleError(`Output "${port.name}" is never written`);
    lifetime.death = program.steps.length;
  }
  return lifetimes;
}

/** A tensor's lifetime and its place in the arena: bytes from `start` to the one before `end`. */
interface Extent extends Lifetime {
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
  const extents = extentsOf(program);
  const deaths = extents.toSorted((a, b) => a.death - b.death);
  /** In ascending order; as no two overlap, a new one can only overlap those next to its place. */
  const alive: Extent[] = [];
  let dead = 0;
  for (const extent of extents.toSorted((a, b) => a.birth - b.birth)) {
    for (; deaths[dead].death < extent.birth; dead++) alive.splice(placeOf(alive, deaths[dead].start), 1);
    const place = placeOf(alive, extent.start);
    if (place > 0) checkApart(extent, alive[place - 1]);
    if (place < alive.length) checkApart(extent, alive[place]);
    alive.splice(place, 0, extent);
  }
}

/** Where all tensors that are used lie, and when. */
function extentsOf(program: Program): Extent[] {
  const extents: Extent[] = [];
  lifetimesOf(program).forEach((lifetime, index) => {
    if (!lifetime) return;
    const tensor = program.tensors[index];
    extents.push({ ...lifetime, index, start: tensor.offset, end: tensor.offset + tensorBytes(tensor) });
  });
  return extents;
}

function checkApart(a: Extent, b: Extent): void {
  if (a.start < b.end && b.start < a.end) {
    throw new BundleError(`tensors[${a.index}] overlaps tensors[${b.index}] while both are alive`);
  }
}

/** Number of extents that start before `start`. */
function placeOf(extents: readonly Extent[], start: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (extents[middle].start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
