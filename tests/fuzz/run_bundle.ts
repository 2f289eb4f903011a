/**
 * Runs an altered bundle on every host and looks at what it changes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Bundle, readBundle } from "../../runtime/bundle/read.ts";
import { isInputError } from "../../runtime/errors.ts";
import { Executor, reserveFile } from "../../runtime/executor.ts";
import type { KernelInstance } from "../../runtime/kernels/instance.ts";
import { layOut } from "../../runtime/layout.ts";
import { KERNEL_HOSTS } from "../support/kernel_hosts.ts";
import { type Random, random, seedOf } from "../support/random.ts";
import type { Bytes } from "./fuzz_kind.ts";

const { compare } = Buffer;

/**
 * Runs a bundle on all hosts, and where it lies in the kernels' memory.
 *
 * @param bytes The bundle's file.
 * @param seed Settles the inputs.
 * @returns What must not be: a change outside of the bundle's own memory, or answers that differ.
 */
export async function runEverywhere(bundle: Bundle, bytes: Bytes, seed: number): Promise<string | undefined> {
  const answers: [host: string, answer: RunAnswer][] = Object.entries(KERNEL_HOSTS).map((
    [host, instantiate],
  ) => [host, runOn(bundle, instantiate, seed)]);
  answers.push(["in place", await runInPlace(bytes, seed)]);
  for (const [host, answer] of answers) {
    if (answer.complaint) return `${host}: ${answer.complaint}`;
    if (answer.bits !== answers[0][1].bits) return `${host} and ${answers[0][0]} answer differently`;
  }
  return undefined;
}

/** Bits of the answers, or what must not be. */
interface RunAnswer {
  bits: string;
  complaint?: string;
}

/** Runs the same inputs on a bundle that lies in the kernels' memory, as one from a file does. */
async function runInPlace(bytes: Bytes, seed: number): Promise<RunAnswer> {
  const place = reserveFile(bytes.length);
  place.bytes.set(bytes);
  const executor = new Executor(await readBundle(place.bytes), {}, place.instance);
  const { tensors } = executor.program;
  if (tensors.length === 0) return { bits: "" };
  return {
    bits: [1, 2, 1].map((input) => {
      writeInputs(executor, random(seedOf(seed, -input)));
      return answerOf(executor);
    }).join(";"),
  };
}

/** Runs one input, another one and the first one again, each on an arena of other garbage. */
function runOn(bundle: Bundle, instantiate: () => KernelInstance, seed: number): RunAnswer {
  const { program } = bundle;
  if (program.tensors.length === 0) return { bits: "" };
  const regions = regionsOf(bundle, instantiate());
  const instance = instantiate();
  const executor = new Executor(bundle, {}, instance);
  const memory = new Uint8Array(instance.memory.buffer);
  const before = memory.slice();
  const bits: string[] = [];
  for (const [round, input] of [1, 2, 1].entries()) {
    fillArena(memory.subarray(regions.arena, regions.arenaEnd), seed + round);
    writeInputs(executor, random(seedOf(seed, -input)));
    bits.push(answerOf(executor));
    for (
      const [start, end] of [[instance.heapBase, regions.arena], [regions.arenaEnd, regions.scratch], [regions.blocks]]
    ) {
      const changed = firstChange(memory.subarray(start, end), before.subarray(start, end));
      if (changed >= 0) {
        return { bits: "", complaint: `byte ${start + changed - regions.arena} of the arena's place changed` };
      }
    }
  }
  return bits[0] === bits[2]
    ? { bits: bits.join(";") }
    : { bits: "", complaint: "the same input gives another answer after another run" };
}

/** Bits of all outputs, or why the network refuses what it is given. */
function answerOf(executor: Executor): string {
  try {
    executor.run();
  } catch (error) {
    if (!isInputError(error)) throw error;
    return error.message;
  }
  return executor.program.outputs.map(({ tensor }) => bitsOf(executor.tensor(tensor))).join();
}

/** Where a program lies: kernels write to the arena and to the scratch memory, which ends where parameter blocks begin. */
function regionsOf(bundle: Bundle, instance: KernelInstance) {
  const { map, calls } = layOut(bundle, instance);
  const { tensors, arenaBytes } = bundle.program;
  const arena = map.tensor(0) - tensors[0].offset;
  const blocks = calls.reduce((least, { block }) => Math.min(least, block), instance.memory.buffer.byteLength);
  return { arena, arenaEnd: arena + arenaBytes, scratch: map.scratch, blocks };
}

function firstChange(memory: Uint8Array, before: Uint8Array): number {
  // By Node's comparison of memory first: memories are large.
  return compare(memory, before) === 0 ? -1 : memory.findIndex((byte, at) => byte !== before[at]);
}

function fillArena(arena: Uint8Array, seed: number): void {
  let state = seed | 1;
  for (let at = 0; at < arena.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    arena[at] = state >>> 24;
  }
}

const SPECIAL = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e38, -1e38, 1e-40, 2 ** 31, -(2 ** 31)];

function writeInputs(executor: Executor, draw: Random): void {
  const special = draw.unit() < 0.2;
  for (const { tensor } of executor.program.inputs) {
    const view = executor.tensor(tensor);
    for (let at = 0; at < view.length; at++) {
      view[at] = special && draw.unit() < 0.2 ? draw.pick(SPECIAL) : draw.float(-3, 3);
    }
  }
}

/** Bits of all elements; one kind of NaN is as good as another. */
export function bitsOf(values: Float32Array | Uint8Array): string {
  const floats = Float32Array.from(values, (value) => value);
  return new Uint32Array(floats.buffer).map((word, at) => Number.isNaN(floats[at]) ? 0x7fc00000 : word).join();
}
