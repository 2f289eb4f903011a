/**
 * The layout: where constants, tensors and parameter blocks of a program lie in
 * linear memory.
 *
 * @module
 */

import { align } from "./alignment.ts";
import { storedBytes } from "./bundle/constant_elements.ts";
import { expandWeights, type GroupedSpec, isGrouped } from "./bundle/grouped_weights.ts";
import type { KernelCall, MemoryMap } from "./kernels/definition.ts";
import type { KernelInstance } from "./kernels/instance.ts";
import { bindStep } from "./kernels/registry.ts";
import { grow } from "./linear_memory.ts";
import type { Program, ProgramData } from "./program.ts";

/** Kernels may read, never write, this far past the end of a tensor. */
const GUARD_BYTES = 64;

/** An exported function and the address of its parameter block. */
export interface Call {
  run: (block: number) => number;
  block: number;
}

/** Where a program lies, and the calls that run it. */
export interface Layout {
  /** Addresses as steps see them. */
  map: MemoryMap;
  /** For each step, the call that computes it. */
  calls: Call[];
  /** For each step, the call that must come before it whenever its constants changed; empty on most hosts. */
  preparations: (Call | undefined)[];
  /** Address of the data part. */
  dataStart: number;
  /** Address of the arena. */
  arenaStart: number;
}

/**
 * Lays a checked program out: data, expanded constants, arena, scratch memory, parameter blocks.
 *
 * @param parts Its data stay where they are if that is in the instance's memory.
 * @throws {InputRangeError} Where the memory cannot be had.
 */
export function layOut({ program, data }: ProgramData, instance: KernelInstance): Layout {
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
  return layOutTensors(program, instance, { dataStart, arenaStart: align(end), constant: (index) => constants[index] });
}

/** Lays the tensors of a program out anew, whose constants stay where they are. */
export function layOutAgain(
  program: Program,
  instance: KernelInstance,
  { dataStart, arenaStart, map }: Layout,
): Layout {
  return layOutTensors(program, instance, { dataStart, arenaStart, constant: map.constant });
}

function layOutTensors(
  program: Program,
  instance: KernelInstance,
  { dataStart, arenaStart, constant }: { dataStart: number; arenaStart: number; constant: MemoryMap["constant"] },
): Layout {
  const map: MemoryMap = {
    tensor: (index) => arenaStart + program.tensors[index].offset,
    constant,
    scratch: align(arenaStart + program.arenaBytes + GUARD_BYTES),
    signed: instance.signed,
  };
  return { map, dataStart, arenaStart, ...bindSteps(program, instance, map) };
}

/** Makes the calls of all steps; their parameter blocks lie after the scratch memory. */
function bindSteps(
  program: Program,
  { memory, functions, signed }: KernelInstance,
  map: MemoryMap,
): { calls: Call[]; preparations: (Call | undefined)[] } {
  const { steps } = program;
  const words: number[] = [];
  const calls: Call[] = [];
  const preparations: (Call | undefined)[] = [];
  let scratchBytes = 0;
  for (let index = 0; index < steps.length; index++) {
    const call = bindStep(steps[index], program, map);
    const block = append(words, call.block);
    calls.push({ run: functions[call.entry], block });
    if (signed) preparations.push(call.prepare === undefined ? undefined : { run: functions[call.prepare], block });
    if (call.scratchBytes !== undefined && call.scratchBytes > scratchBytes) scratchBytes = call.scratchBytes;
  }
  const start = align(map.scratch + scratchBytes + GUARD_BYTES);
  for (const call of calls) call.block += start;
  grow(memory, start + words.length * 4 + GUARD_BYTES);
  new Int32Array(memory.buffer, start, words.length).set(words);
  for (const call of preparations) {
    if (!call) continue;
    call.block += start;
    call.run(call.block);
  }
  return { calls, preparations };
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
