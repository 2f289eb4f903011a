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
  for (const [index, step] of program.steps.entries()) {
    for (const input of step.inputs) {
      const lifetime = lifetimes[input];
      if (!lifetime) {
        throw new BundleError(`Step "${step.name}" reads tensor "${program.tensors[input].name}" before it is written`);
      }
      lifetime.death = index;
    }
    const output = lifetimes[step.output] ??= { birth: index, death: index };
    output.death = index;
  }
  for (const port of program.outputs) {
    const lifetime = lifetimes[port.tensor];
    if (!lifetime) throw new BundleError(`Output "${port.name}" is never written`);
    lifetime.death = program.steps.length;
  }
  return lifetimes;
}

/**
 * Checks that tensors that are alive in the same step lie apart in the arena.
 *
 * @throws {BundleError} At the first pair that overlaps.
 */
export function checkLifetimes(program: Program): void {
  const lifetimes = lifetimesOf(program);
  const order = lifetimes.flatMap((lifetime, index) => lifetime ? [{ index, ...lifetime }] : []);
  order.sort((a, b) => a.birth - b.birth);
  let alive: typeof order = [];
  for (const entry of order) {
    alive = alive.filter((other) => other.death >= entry.birth);
    const [start, end] = extent(program.tensors[entry.index]);
    for (const other of alive) {
      const [otherStart, otherEnd] = extent(program.tensors[other.index]);
      if (start < otherEnd && otherStart < end) {
        throw new BundleError(`tensors[${entry.index}] overlaps tensors[${other.index}] while both are alive`);
      }
    }
    alive.push(entry);
  }
}

function extent(tensor: TensorSpec): [number, number] {
  return [tensor.offset, tensor.offset + elementCount(tensor.shape) * ELEMENT_BYTES[tensor.type]];
}
