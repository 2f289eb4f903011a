/**
 * The executor: a program laid out in the linear memory of its own instance of
 * the kernel module.
 *
 * @module
 */

import { align, ELEMENT_BYTES, elementCount } from "./bundle/format.ts";
import type { Bundle } from "./bundle/read.ts";
import { chooseBuild, instantiateKernels, type KernelBuild } from "./kernels/instance.ts";
import type { MemoryMap } from "./kernels/definition.ts";
import { kernelDefinition } from "./kernels/registry.ts";
import type { ConstantType, Program, TensorType } from "./program.ts";

const PAGE_BYTES = 65536;
/** Kernels may read, never write, this far past the end of a tensor. */
const GUARD_BYTES = 64;

/** Elements in linear memory. */
export type ElementView = Float32Array | Uint8Array | Int8Array | Int32Array;

/** What an executor may be told. */
export interface ExecutorOptions {
  /** The build of the kernels; chosen by a probe of the host where absent. */
  kernels?: KernelBuild;
}

/** A program in memory, ready to run; not re-entrant. */
export class Executor {
  /** The program that runs. */
  readonly program: Program;
  /** The build of the kernels that runs it. */
  readonly build: KernelBuild;
  readonly #memory: WebAssembly.Memory;
  readonly #map: MemoryMap;
  readonly #calls: { run: (block: number) => number; block: number }[];

  /**
   * Lays a checked bundle out in memory: data, parameter blocks, arena, scratch.
   *
   * @throws {RangeError} Where the memory cannot be had.
   * @throws {TypeError} Where the host cannot run the build that is asked for.
   */
  constructor(bundle: Bundle, options: ExecutorOptions = {}) {
    const { program, data } = bundle;
    if (options.kernels === "relaxed" && chooseBuild() !== "relaxed") {
      throw new TypeError("This host's relaxed dot product is not exact on unsigned activations: use simd128");
    }
    const instance = instantiateKernels(options.kernels);
    this.program = program;
    this.build = instance.build;
    this.#memory = instance.memory;

    const dataStart = align(instance.heapBase);
    const blocksStart = align(dataStart + data.length + GUARD_BYTES);
    const map: MemoryMap = { tensor: () => 0, constant: () => 0, scratch: 0 };
    const blockBytes = program.steps.reduce(
      (sum, step) => sum + kernelDefinition(step).bind(step, program, map).block.length * 4,
      0,
    );
    const arenaStart = align(blocksStart + blockBytes);
    const scratch = align(arenaStart + program.arenaBytes + GUARD_BYTES);
    const scratchBytes = Math.max(0, ...program.steps.map((step) => kernelDefinition(step).scratchBytes?.(step) ?? 0));
    grow(instance.memory, scratch + scratchBytes + GUARD_BYTES);

    new Uint8Array(instance.memory.buffer).set(data, dataStart);
    this.#map = {
      tensor: (index) => arenaStart + program.tensors[index].offset,
      constant: (index) => dataStart + program.constants[index].offset,
      scratch,
    };
    let block = blocksStart;
    this.#calls = program.steps.map((step) => {
      const call = kernelDefinition(step).bind(step, program, this.#map);
      new Int32Array(instance.memory.buffer, block, call.block.length).set(call.block);
      const bound = { run: instance.functions[call.entry], block };
      block += call.block.length * 4;
      return bound;
    });
  }

  /** A view on the elements of a tensor; valid until its memory is used by another tensor. */
  tensor(index: number): Float32Array | Uint8Array {
    const { type, shape } = this.program.tensors[index];
    return view(this.#memory, type, this.#map.tensor(index), elementCount(shape)) as Float32Array | Uint8Array;
  }

  /** A view on the elements of a constant. */
  constant(index: number): ElementView {
    const { type, length } = this.program.constants[index];
    return view(this.#memory, type, this.#map.constant(index), length);
  }

  /** Runs the steps from `first` to the one before `end`. */
  run(first = 0, end: number = this.#calls.length): void {
    for (let index = first; index < end; index++) {
      const call = this.#calls[index];
      call.run(call.block);
    }
  }
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch {
    throw new RangeError(`Cannot set aside ${bytes} bytes of memory for the network`);
  }
}

function view(
  memory: WebAssembly.Memory,
  type: TensorType | ConstantType,
  address: number,
  length: number,
): ElementView {
  switch (type) {
    case "u8":
      return new Uint8Array(memory.buffer, address, length * ELEMENT_BYTES.u8);
    case "i8":
      return new Int8Array(memory.buffer, address, length);
    case "i32":
      return new Int32Array(memory.buffer, address, length);
    case "f32":
      return new Float32Array(memory.buffer, address, length);
  }
}
