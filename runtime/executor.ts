/**
 * The executor: a program laid out in the linear memory of its own instance of
 * the kernel module.
 *
 * @module
 */

import { align } from "./alignment.ts";
import { resizeProgram } from "./bundle/free_sizes.ts";
import { InputError, InputRangeError } from "./errors.ts";
import type { KernelBuild } from "./kernels/build.ts";
import type { ElementView } from "./kernels/definition.ts";
import { chooseBuild, instantiateKernels, type KernelInstance } from "./kernels/instance.ts";
import { type Layout, layOut, layOutAgain } from "./layout.ts";
import type { Step } from "./kernels/registry.ts";
import { grow, viewElements } from "./linear_memory.ts";
import type { Program, ProgramData } from "./program.ts";
import { elementCount } from "./tensor.ts";

/** What an executor may be told. */
export interface ExecutorOptions {
  /** The build of the kernels; chosen by a probe of the host where absent. */
  kernels?: KernelBuild;
}

/**
 * A program in memory, ready to run; not re-entrant. Calibration runs it too, step by step and with constants replaced:
 * what it measures is what ships.
 */
export class Executor {
  /** The program that runs; it changes with its free sizes. */
  program: Program;
  /** The build of the kernels that runs it. */
  readonly build: KernelBuild;
  readonly #instance: KernelInstance;
  readonly #smallest: Program;
  readonly #dataBytes: number;
  #layout: Layout;
  #tensors: (Float32Array | Uint8Array | undefined)[];

  /**
   * Lays a checked program out in memory: data, expanded constants, arena, scratch, parameter blocks.
   *
   * @param parts Where the data lie in the memory of the instance, they stay there and the view on them is of no use
   * afterwards.
   * @param instance The kernels that run it; by default new ones, as the options say.
   * @throws {InputRangeError} Where the memory cannot be had.
   * @throws {InputError} Where the host cannot run the build that is asked for.
   */
  constructor(parts: ProgramData, options: ExecutorOptions = {}, instance: KernelInstance = createInstance(options)) {
    this.program = this.#smallest = parts.program;
    this.#dataBytes = parts.data.length;
    this.build = instance.build;
    this.#instance = instance;
    this.#layout = layOut(parts, instance);
    this.#tensors = new Array(parts.program.tensors.length).fill(undefined);
  }

  /**
   * Changes the free sizes of the program; its constants stay where they are.
   *
   * @param steps Steps from the smallest of each size.
   * @throws {InputRangeError} Where the memory cannot be had.
   * @throws {BundleError} Where the program is wrong at these sizes.
   */
  resize(steps: readonly number[]): void {
    const data = new Uint8Array(this.#instance.memory.buffer, this.#layout.dataStart, this.#dataBytes);
    const program = resizeProgram(this.#smallest, steps, data);
    this.#layout = layOutAgain(program, this.#instance, this.#layout);
    this.program = program;
    this.#tensors = new Array(program.tensors.length).fill(undefined);
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
    return viewElements(this.#instance.memory, type, this.#layout.map.constant(index), length);
  }

  /** Replaces the elements of a constant for every step that uses it. */
  setConstant(index: number, elements: ArrayLike<number>): void {
    this.constant(index).set(elements);
    this.#layout.preparations.forEach((call, step) => {
      if (call && this.program.steps[step].constants.includes(index)) call.run(call.block);
    });
  }

  /**
   * Runs the steps from `first` to the one before `end`.
   *
   * @throws {InputRangeError} Where the network is given an index of something that it does not have.
   */
  run(first = 0, end: number = this.program.steps.length): void {
    const { calls } = this.#layout;
    for (let index = first; index < end; index++) {
      const { run, block } = calls[index];
      if (run(block)) throw new InputRangeError(refusalOf(this.program.steps[index]));
    }
  }

  #viewTensor(index: number): Float32Array | Uint8Array {
    const { type, shape } = this.program.tensors[index];
    const address = this.#layout.map.tensor(index);
    return viewElements(this.#instance.memory, type, address, elementCount(shape)) as Float32Array | Uint8Array;
  }
}

/** Why a kernel gave up: the only one that does is asked for rows by what it reads. */
function refusalOf({ name, attributes }: Step): string {
  const rows = "dimensions" in attributes ? attributes.dimensions[1] : 0;
  return `Node "${name}" was given an index that is none of its ${rows} rows: see to what the network is given`;
}

function createInstance({ kernels }: ExecutorOptions): KernelInstance {
  if (kernels === "relaxed" && chooseBuild() !== "relaxed") {
    throw new InputError("This host's relaxed dot product saturates: use simd128");
  }
  return instantiateKernels(kernels);
}

/** Memory for a bundle's file where kernels can read its constants. */
export interface FileRoom {
  /** A view on the room; it is no longer valid when the executor is made. */
  bytes: Uint8Array;
  /** The kernels whose memory it is: an executor with them runs there and copies nothing. */
  instance: KernelInstance;
}

/**
 * Sets memory aside for a bundle's file.
 *
 * @param size Bytes of the file.
 * @throws {InputRangeError} Where the memory cannot be had.
 * @throws {InputError} Where the host cannot run the build that is asked for.
 */
export function reserveFile(size: number, options: ExecutorOptions = {}): FileRoom {
  const instance = createInstance(options);
  const start = align(instance.heapBase);
  grow(instance.memory, start + size);
  return { bytes: new Uint8Array(instance.memory.buffer, start, size), instance };
}
