/**
 * The static memory plan: a place in the arena for every tensor.
 *
 * @module
 */

import { lifetimesOf } from "../../runtime/bundle/check_lifetimes.ts";
import { align, tensorBytes } from "../../runtime/bundle/format.ts";
import { isAddedNext } from "../../runtime/residual_sum.ts";
import type { Program } from "../../runtime/program.ts";

/**
 * Sets the offsets of all tensors of a program, and the arena's size, so that
 * tensors that are alive at the same time lie apart.
 *
 * Larger tensors are placed first, each at the lowest offset that is free for
 * its whole life. Sums of a convolution's output also lie apart from its
 * input: the runtime computes both together.
 *
 * @param program Changed in place.
 */
export function planMemory(program: Program): void {
  const lifetimes = lifetimesOf(program);
  program.steps.forEach((_, index) => {
    if (isAddedNext(program, index)) lifetimes[program.steps[index + 1].output]!.birth = index;
  });
  const order = program.tensors.map((tensor, index) => ({ tensor, bytes: align(tensorBytes(tensor)), index }));
  order.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const placed: { start: number; end: number; birth: number; death: number }[] = [];
  program.arenaBytes = 0;
  for (const { tensor, bytes, index } of order) {
    const life = lifetimes[index] ?? { birth: 0, death: -1 };
    const neighbours = placed
      .filter((other) => other.birth <= life.death && life.birth <= other.death)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const neighbour of neighbours) {
      if (neighbour.start - start >= bytes) break;
      start = Math.max(start, neighbour.end);
    }
    tensor.offset = start;
    placed.push({ start, end: start + bytes, ...life });
    program.arenaBytes = Math.max(program.arenaBytes, start + bytes);
  }
}
