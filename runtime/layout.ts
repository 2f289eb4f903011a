/**
 * The layout: where constants, tensors and parameter blocks of a program lie in
 * linear memory.
 *
 * @module
 */

import { align } from "./alignment.ts";
import { storedBytes } from "./bundle/constant_elements.ts";
import { expandWeights, type GroupedSpec, isGrouped } from "./bundle/grouped_weights.ts";
import type { Bundle } from "./bundle/read.ts";
import type { ElementView, KernelCall, MemoryMap } from "./kernels/definition.ts";
import type { KernelInstance } from "./kernels/instance.ts";
import { adaptStepConstants, bindStep, type Step } from "./kernels/registry.ts";
import { grow, viewElements } from "./linear_memory.ts";
import type { Program } from "./program.ts";
import { joinsSum } from "./residual_sum.ts";

/** Kernels may read, never write, this far past the end of a tensor. */
const GUARD_BYTES = 64;

/** An exported function and the address of its parameter block. */
export interface Call {
  run: (block: number) => number;
  block: number;
}

/** Where a program lies, and the calls that run it. */
export interface Layout {
  /** Addresses as steps see them, but for adapted constants. */
  map: MemoryMap;
  /** For each step, the call that computes it. */
  calls: Call[];
  /** For each step, the call that computes it and the next one, where there is one. */
  joined: (Call | undefined)[];
  /** For each step, the addresses of what takes the place of its constants, by their position in the step; empty on most hosts. */
  adapted: ReadonlyMap<number, number>[];
}

/**
 * Lays a checked bundle out: data, expanded and adapted constants, arena, scratch memory, parameter blocks.
 *
 * @param bundle Its data stay where they are if that is in the instance's memory.
 * @throws {RangeError} Where the memory cannot be had.
 */
export function layOut({ program, data }: Bundle, instance: KernelInstance): Layout {
  const { memory } = instance;
  const inPlace = data.buffer === memory.buffer;
  const dataStart = inPlace ? data.byteOffset : align(instance.heapBase);
  // Growing the memory ends every view on it: a view on data in place then has no length.
  const dataBytes = data.length;
  let end = dataStart + dataBytes + GUARD_BYTES;
  const constants: number[] = [];
  const grouped: [spec: GroupedSpec, address: number][] = [];
  for (const spec of program.constants) {
    if (isGrouped(spec)) {
      grouped.push([spec, align(end)]);
      constants.push(align(end));
      end = align(end) + spec.length + GUARD_BYTES;
    } else {
      constants.push(dataStart + spec.offset);
    }
  }
  grow(memory, end);
  if (!inPlace) new Uint8Array(memory.buffer).set(data, dataStart);
  const placed = new Uint8Array(memory.buffer, dataStart, dataBytes);
  for (const [spec, address] of grouped) {
    expandWeights(spec, storedBytes(spec, placed), new Uint16Array(memory.buffer, address, spec.length / 2));
  }

  const constant = (index: number) => constants[index];
  const views = instance.signed ? program.steps.map((step) => adaptStep(step, program, memory, constant)) : [];
  const adapted = views.map((byPosition) => {
    const addresses = new Map<number, number>();
    for (const [position, { byteLength }] of byPosition) {
      addresses.set(position, align(end));
      end = align(end) + byteLength + GUARD_BYTES;
    }
    return addresses;
  });
  const arenaStart = align(end);
  const tensor = (index: number) => arenaStart + program.tensors[index].offset;
  const map = { tensor, constant, scratch: align(arenaStart + program.arenaBytes + GUARD_BYTES) };
  const layout: Layout = { map, adapted, ...bindSteps(program, instance, map, adapted) };
  views.forEach((byPosition, index) => placeAdapted(layout, memory, index, byPosition));
  return layout;
}

/** Makes the calls of all steps; their parameter blocks lie after the scratch memory. */
function bindSteps(
  program: Program,
  { memory, functions }: KernelInstance,
  map: MemoryMap,
  adapted: ReadonlyMap<number, number>[],
): { calls: Call[]; joined: (Call | undefined)[] } {
  const { steps } = program;
  const words: number[] = [];
  const calls: Call[] = [];
  let scratchBytes = 0;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index];
    const ownMap = adapted.length > 0 ? adaptedMap(map, step, adapted[index]) : map;
    const call = bindStep(step, program, ownMap);
    calls.push({ run: functions[call.entry], block: append(words, call.block) });
    if (call.scratchBytes !== undefined && call.scratchBytes > scratchBytes) scratchBytes = call.scratchBytes;
  }
  const start = align(map.scratch + scratchBytes + GUARD_BYTES);
  for (const call of calls) call.block += start;
  const joined = steps.map((_, index) => {
    if (!joinsSum(program, index)) return undefined;
    const block = append(words, [calls[index].block, calls[index + 1].block]);
    return { run: functions.convolution_sum_u8, block: start + block };
  });
  grow(memory, start + words.length * 4);
  new Int32Array(memory.buffer, start, words.length).set(words);
  return { calls, joined };
}

/** Appends the words of a parameter block; gives the byte offset of the first one. */
function append(words: number[], block: KernelCall["block"]): number {
  const offset = words.length * 4;
  // By index: in code that runs but once, iterators take longer than the work.
  for (let index = 0; index < block.length; index++) {
    const part = block[index];
    if (typeof part === "number") words.push(part);
    else for (let at = 0; at < part.length; at++) words.push(part[at]);
  }
  return offset;
}

/** What takes the place of a step's constants on a host with a signed dot product, by their position in the step. */
export function adaptStep(
  step: Step,
  { constants }: Program,
  memory: WebAssembly.Memory,
  address: (constant: number) => number,
): ReadonlyMap<number, ElementView> {
  const view = (position: number) => {
    const index = step.constants[position];
    return viewElements(memory, constants[index].type, address(index), constants[index].length);
  };
  return adaptStepConstants(step, view);
}

/** Writes what takes the place of a step's constants. */
export function placeAdapted(
  { adapted }: Layout,
  memory: WebAssembly.Memory,
  step: number,
  views: ReadonlyMap<number, ElementView>,
): void {
  for (const [position, { buffer, byteOffset, byteLength }] of views) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    new Uint8Array(memory.buffer).set(bytes, adapted[step].get(position)!);
  }
}

/** The memory map as a step with adapted constants sees it. */
function adaptedMap(map: MemoryMap, { constants }: Step, addresses: ReadonlyMap<number, number>): MemoryMap {
  const byConstant = new Map([...addresses].map(([position, address]) => [constants[position], address]));
  return { ...map, constant: (constant) => byConstant.get(constant) ?? map.constant(constant) };
}
