/**
 * The executor: a program laid out in the linear memory of its own instance of
 * the kernel module.
 *
 * @module
 */

import { align, ELEMENT_BYTES, elementCount } from "./bundle/format.ts";
import type { Bundle } from "./bundle/read.ts";
import { chooseBuild, instantiateKernels, type KernelBuild, type KernelInstance } from "./kernels/instance.ts";
import type { ElementView, MemoryMap } from "./kernels/definition.ts";
import { kernelDefinition } from "./kernels/registry.ts";
import type { ConstantType, Program, StepSpec, TensorType } from "./program.ts";

const PAGE_BYTES = 65536;
/** Kernels may read, never write, this far past the end of a tensor. */
const GUARD_BYTES = 64;

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
  readonly #instance: KernelInstance;
  #map: MemoryMap;
  readonly #calls: { run: (block: number) => number; block: number }[];
  /** For each step, the addresses of what takes the place of its constants, by their position in the step. */
  readonly #adapted: ReadonlyMap<number, number>[];

  /**
   * Lays a checked bundle out in memory: data, adapted constants, parameter blocks, arena, scratch.
   *
   * @param instance Kernels to use in place of the host's own.
   * @throws {RangeError} Where the memory cannot be had.
   * @throws {TypeError} Where the host cannot run the build that is asked for.
   */
  constructor(bundle: Bundle, options: ExecutorOptions = {}, instance?: KernelInstance) {
    const { program, data } = bundle;
    if (options.kernels === "relaxed" && chooseBuild() !== "relaxed") {
      throw new TypeError("This host's relaxed dot product saturates: use simd128");
    }
    instance ??= instantiateKernels(options.kernels);
    const { memory } = instance;
    this.program = program;
    this.build = instance.build;
    this.#instance = instance;

    const dataStart = align(instance.heapBase);
    this.#map = { tensor: () => 0, constant: (index) => dataStart + program.constants[index].offset, scratch: 0 };
    let end = dataStart + data.length + GUARD_BYTES;
    grow(memory, end);
    new Uint8Array(memory.buffer).set(data, dataStart);

    const adapted = program.steps.map((step) => this.#adapt(step));
    this.#adapted = adapted.map((views) => {
      const addresses = new Map<number, number>();
      for (const [position, { byteLength }] of views) {
        addresses.set(position, align(end));
        end = align(end) + byteLength + GUARD_BYTES;
      }
      return addresses;
    });
    const blocksStart = align(end);
    const blockBytes = program.steps.reduce(
      (sum, step) => sum + kernelDefinition(step).bind(step, program, this.#map).block.length * 4,
      0,
    );
    const arenaStart = align(blocksStart + blockBytes);
    const scratch = align(arenaStart + program.arenaBytes + GUARD_BYTES);
    const scratchBytes = Math.max(0, ...program.steps.map((step) => kernelDefinition(step).scratchBytes?.(step) ?? 0));
    grow(memory, scratch + scratchBytes + GUARD_BYTES);

    this.#map = { ...this.#map, tensor: (index) => arenaStart + program.tensors[index].offset, scratch };
    adapted.forEach((views, index) => this.#place(index, views));
    let block = blocksStart;
    this.#calls = program.steps.map((step, index) => {
      const call = kernelDefinition(step).bind(step, program, this.#mapOf(index));
      new Int32Array(memory.buffer, block, call.block.length).set(call.block);
      const bound = { run: instance.functions[call.entry], block };
      block += call.block.length * 4;
      return bound;
    });
  }

  /** XOR between the elements of a u8 tensor and its bytes in memory: 0, or 128 on hosts with a signed dot product. */
  get flip(): number {
    return this.#instance.signed ? 0x80 : 0;
  }

  /**
   * A view on the elements of a tensor; valid until its memory is used by
   * another tensor. Bytes of u8 tensors are elements XOR {@linkcode Executor.flip}.
   */
  tensor(index: number): Float32Array | Uint8Array {
    const { type, shape } = this.program.tensors[index];
    const address = this.#map.tensor(index);
    return view(this.#instance.memory, type, address, elementCount(shape)) as Float32Array | Uint8Array;
  }

  /** A copy of the elements of a tensor. */
  values(index: number): Float32Array | Uint8Array {
    const values = this.tensor(index).slice();
    if (values instanceof Uint8Array && this.flip !== 0) values.forEach((byte, at) => values[at] = byte ^ this.flip);
    return values;
  }

  /** A view on the elements of a constant; {@linkcode Executor.setConstant} replaces them. */
  constant(index: number): ElementView {
    const { type, length } = this.program.constants[index];
    return view(this.#instance.memory, type, this.#map.constant(index), length);
  }

  /** Replaces the elements of a constant for every step that uses it. */
  setConstant(index: number, elements: ArrayLike<number>): void {
    this.constant(index).set(elements);
    for (const [position, step] of this.program.steps.entries()) {
      if (step.constants.includes(index)) this.#place(position, this.#adapt(step));
    }
  }

  /** Runs the steps from `first` to the one before `end`. */
  run(first = 0, end: number = this.#calls.length): void {
    for (let index = first; index < end; index++) {
      const call = this.#calls[index];
      call.run(call.block);
    }
  }

  /** What takes the place of a step's constants on this host. */
  #adapt(step: StepSpec): ReadonlyMap<number, ElementView> {
    const constants = step.constants.map((index) => this.constant(index));
    return kernelDefinition(step).adaptConstants?.(step, constants, this.#instance) ?? new Map();
  }

  /** Writes what takes the place of a step's constants. */
  #place(step: number, views: ReadonlyMap<number, ElementView>): void {
    for (const [position, { buffer, byteOffset, byteLength }] of views) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      new Uint8Array(this.#instance.memory.buffer).set(bytes, this.#adapted[step].get(position)!);
    }
  }

  /** The memory map as a step sees it. */
  #mapOf(index: number): MemoryMap {
    const { constants } = this.program.steps[index];
    const adapted = this.#adapted[index];
    if (adapted.size === 0) return this.#map;
    const byConstant = new Map([...adapted].map(([position, address]) => [constants[position], address]));
    return { ...this.#map, constant: (constant) => byConstant.get(constant) ?? this.#map.constant(constant) };
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
