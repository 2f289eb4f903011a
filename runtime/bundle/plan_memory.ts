/**
 * The static memory plan: a place in the arena for every tensor.
 *
 * @module
 */

import { align } from "../alignment.ts";
import { type Lifetime, lifetimesOf } from "./check_lifetimes.ts";
import type { Program } from "../program.ts";
import { tensorBytes } from "../tensor.ts";

/**
 * Sets the offsets of all tensors of a program, and the arena's size, so that
 * tensors that are alive at the same time lie apart.
 *
 * Larger tensors are placed first, each at the lowest offset that is free for
 * its whole life.
 *
 * @param program Changed in place.
 */
export function planMemory(program: Program): void {
  const lifetimes = lifetimesOf(program);
  const order = program.tensors.map((tensor, index) => ({ tensor, bytes: align(tensorBytes(tensor)), index }));
  order.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const slots: Slot[] = [];
  program.arenaBytes = 0;
  for (const { tensor, bytes, index } of order) {
    const life = lifetimes[index] ?? { birth: 0, death: -1 };
    const start = lowestOffset(slots, bytes, life);
    tensor.offset = start;
    occupy(slots, { start, end: start + bytes }, life);
    program.arenaBytes = Math.max(program.arenaBytes, start + bytes);
  }
}

/** A range of the arena that tensors hold one after the other. */
interface Slot {
  start: number;
  end: number;
  /** No two overlap; in ascending order. */
  lives: Lifetime[];
}

/** The lowest offset at which as many bytes are free for a whole life. */
function lowestOffset(slots: readonly Slot[], bytes: number, life: Lifetime): number {
  let start = 0;
  for (const slot of slots) {
    if (slot.start - start >= bytes) break;
    if (slot.end > start && isTaken(slot, life)) start = slot.end;
  }
  return start;
}

function isTaken({ lives }: Slot, life: Lifetime): boolean {
  const later = lives.length === 1 && lives[0].birth <= life.death
    ? 1
    : firstWhere(lives.length, (i) => lives[i].birth > life.death);
  return later > 0 && lives[later - 1].death >= life.birth;
}

function occupy(slots: Slot[], { start, end }: { start: number; end: number }, life: Lifetime): void {
  const at = firstWhere(
    slots.length,
    (i) => slots[i].start > start || (slots[i].start === start && slots[i].end >= end),
  );
  if (slots[at]?.start !== start || slots[at].end !== end) slots.splice(at, 0, { start, end, lives: [] });
  const { lives } = slots[at];
  const { birth, death } = life;
  lives.splice(
    firstWhere(lives.length, (i) => lives[i].birth > birth || (lives[i].birth === birth && lives[i].death >= death)),
    0,
    life,
  );
}

/** The first of so many indices for which something holds that then holds for all that follow. */
function firstWhere(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
