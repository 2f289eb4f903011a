/**
 * The executor: a program laid out in the linear memory of its own instance of
 * the kernel module.
 *
 * @module
 */

import { align, ELEMENT_BYTES, elementCount } from "./bundle/format.ts";
import { storedBytes } from "./bundle/constant_elements.ts";
import { expandWeights, isGrouped } from "./bundle/grouped_weights.ts";
import type { Bundle } from "./bundle/read.ts";
import { chooseBuild, instantiateKernels, type KernelBuild, type KernelInstance } from "./kernels/instance.ts";
import type { ElementView, MemoryMap } from "./kernels/definition.ts";
import { kernelDefinition } from "./kernels/registry.ts";
import { joinsSum } from "./residual_sum.ts";
import type { ConstantType, Program, StepSpec, TensorType } from "./program.ts";

const PAGE_BYTES = 65536;
/** Kernels may read, never write, this far past the end of a tensor. */
const GUARD_BYTES = 64;

/** Words of a block that names the blocks of two steps. */
const JOINED_BLOCK_WORDS = 2;

/** Of most steps: on most hosts their constants serve as they are. */
const NONE: ReadonlyMap<number, never> = new Map<number, never>();

/** What an executor may be told. */
export interface ExecutorOptions {
  /** The build of the kernels; chosen by a probe of the host where absent. */
  kernels?: KernelBuild;
}

/** An exported function and the address of its parameter block. */
interface Call {
  run: (block: number) => number;
  block: number;
}

/** A program in memory, ready to run; not re-entrant. */
export class Executor {
  /** The program that runs. */
  readonly program: Program;
  /** The build of the kernels that runs it. */
  readonly build: KernelBuild;
  readonly #instance: KernelInstance;
  #map: MemoryMap;
  readonly #calls: Call[];
  /** For each step, the call that computes it and the next one, where there is one. */
  readonly #joined: (Call | undefined)[];
  /** For each step, the addresses of what takes the place of its constants, by their position in the step. */
  readonly #adapted: ReadonlyMap<number, number>[];
  readonly #tensors: (Float32Array | Uint8Array | undefined)[];

  /**
   * Lays a checked bundle out in memory: data, expanded and adapted constants, arena, scratch, parameter blocks.
   *
   * @param bundle Where its data lie in memory that {@linkcode reserveFile}
   * gave, they stay there and the view on them is of no use afterwards.
   * @param instance Kernels to use in place of the host's own.
   * @throws {RangeError} Where the memory cannot be had.
   * @throws {TypeError} Where the host cannot run the build that is asked for.
   */
  constructor(bundle: Bundle, options: ExecutorOptions = {}, instance?: KernelInstance) {
    const { program, data } = bundle;
    instance ??= reserved.get(data.buffer) ?? createInstance(options);
    const { memory, functions } = instance;
    this.program = program;
    this.build = instance.build;
    this.#instance = instance;
    this.#tensors = new Array(program.tensors.length).fill(undefined);

    const inPlace = data.buffer === memory.buffer;
    reserved.delete(data.buffer);
    const dataStart = inPlace ? data.byteOffset : align(instance.heapBase);
    let end = dataStart + data.length + GUARD_BYTES;
    const constants = program.constants.map((spec) => {
      if (!isGrouped(spec)) return dataStart + spec.offset;
      const address = align(end);
      end = address + spec.length + GUARD_BYTES;
      return address;
    });
    const constant = (index: number) => constants[index];
    this.#map = { tensor: () => 0, constant, scratch: 0 };
    grow(memory, end);
    if (!inPlace) new Uint8Array(memory.buffer).set(data, dataStart);
    const placed = new Uint8Array(memory.buffer, dataStart, data.length);
    program.constants.forEach((spec, index) => {
      if (!isGrouped(spec)) return;
      const target = new Uint16Array(memory.buffer, constants[index], spec.length / 2);
      expandWeights(spec, storedBytes(spec, placed), target);
    });

    const adapted = program.steps.map((step) => this.#adapt(step));
    this.#adapted = adapted.map((views) => {
      if (views.size === 0) return NONE;
      const addresses = new Map<number, number>();
      for (const [position, { byteLength }] of views) {
        addresses.set(position, align(end));
        end = align(end) + byteLength + GUARD_BYTES;
      }
      return addresses;
    });
    const arenaStart = align(end);
    const tensor = (index: number) => arenaStart + program.tensors[index].offset;
    const scratch = align(arenaStart + program.arenaBytes + GUARD_BYTES);
    this.#map = { tensor, constant, scratch };
    let scratchBytes = 0;
    const bound = program.steps.map((step, index) => {
      const call = kernelDefinition(step).bind(step, program, this.#mapOf(index));
      scratchBytes = Math.max(scratchBytes, call.scratchBytes ?? 0);
      return { entry: call.entry, words: call.block.flat() };
    });
    const isJoined = program.steps.map((_, index) => joinsSum(program, index));
    let block = align(scratch + scratchBytes + GUARD_BYTES);
    const joinedBytes = isJoined.filter(Boolean).length * JOINED_BLOCK_WORDS * 4;
    grow(memory, bound.reduce((sum, call) => sum + call.words.length * 4, block + joinedBytes));

    adapted.forEach((views, index) => this.#place(index, views));
    const memoryWords = new Int32Array(memory.buffer);
    const place = (entry: string, words: number[]) => {
      memoryWords.set(words, block / 4);
      const call = { run: functions[entry], block };
      block += words.length * 4;
      return call;
    };
    const calls = bound.map(({ entry, words }) => place(entry, words));
    this.#calls = calls;
    this.#joined = isJoined.map((joined, index) =>
      joined ? place("convolution_sum_u8", [calls[index].block, calls[index + 1].block]) : undefined
    );
  }

  /** XOR between the elements of a u8 tensor and its bytes in memory: 0, or 128 on hosts with a signed dot product. */
  get flip(): number {
    return this.#instance.signed ? 0x80 : 0;
  }

  /**
   * The view on the elements of a tensor, which are valid until its memory is used
   * by another tensor. Bytes of u8 tensors are elements XOR {@linkcode Executor.flip}.
   */
  tensor(index: number): Float32Array | Uint8Array {
    return this.#tensors[index] ??= this.#viewTensor(index);
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
      let call = this.#calls[index];
      const joined = this.#joined[index];
      if (joined && index + 1 < end) {
        call = joined;
        index++;
      }
      call.run(call.block);
    }
  }

  #viewTensor(index: number): Float32Array | Uint8Array {
    const { type, shape } = this.program.tensors[index];
    const address = this.#map.tensor(index);
    return view(this.#instance.memory, type, address, elementCount(shape)) as Float32Array | Uint8Array;
  }

  /** What takes the place of a step's constants on this host. */
  #adapt(step: StepSpec): ReadonlyMap<number, ElementView> {
    const definition = kernelDefinition(step);
    return definition.adaptConstants?.(step, (at) => this.constant(step.constants[at]), this.#instance) ?? NONE;
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

/** Instances that wait for the executor of the bundle in their memory, by the memory's buffer. */
const reserved = new WeakMap<ArrayBufferLike, KernelInstance>();

function createInstance({ kernels }: ExecutorOptions): KernelInstance {
  if (kernels === "relaxed" && chooseBuild() !== "relaxed") {
    throw new TypeError("This host's relaxed dot product saturates: use simd128");
  }
  return instantiateKernels(kernels);
}

/**
 * Sets memory aside for a bundle's file where kernels can read its constants;
 * the executor of a bundle in it runs there and copies nothing.
 *
 * @param size Bytes of the file.
 * @returns A view on that many bytes; it ends to be valid when the executor is made.
 * @throws {RangeError} Where the memory cannot be had.
 * @throws {TypeError} Where the host cannot run the build that is asked for.
 */
export function reserveFile(size: number, options: ExecutorOptions = {}): Uint8Array {
  const instance = createInstance(options);
  const start = align(instance.heapBase);
  grow(instance.memory, start + size);
  reserved.set(instance.memory.buffer, instance);
  return new Uint8Array(instance.memory.buffer, start, size);
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
    case "i4":
    case "i8":
      return new Int8Array(memory.buffer, address, length);
    case "i32":
      return new Int32Array(memory.buffer, address, length);
    case "f32":
      return new Float32Array(memory.buffer, address, length);
  }
}
