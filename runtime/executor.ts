/**
 * The executor: a program laid out in the linear memory of its own instance of
 * the kernel module.
 *
 * @module
 */

import { align } from "./alignment.ts";
import { InputError } from "./errors.ts";
import type { Bundle } from "./bundle/read.ts";
import type { ElementView } from "./kernels/definition.ts";
import type { KernelBuild } from "./kernels/build.ts";
import { chooseBuild, instantiateKernels, type KernelInstance } from "./kernels/instance.ts";
import { adaptStep, type Layout, layOut, placeAdapted } from "./layout.ts";
import { grow, viewElements } from "./linear_memory.ts";
import type { Program } from "./program.ts";
import { elementCount } from "./tensor.ts";

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
  readonly #layout: Layout;
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
    reserved.delete(data.buffer);
    this.program = program;
    this.build = instance.build;
    this.#instance = instance;
    this.#layout = layOut(bundle, instance);
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
    const { memory, signed } = this.#instance;
    if (!signed) return;
    for (const [position, step] of this.program.steps.entries()) {
      if (!step.constants.includes(index)) continue;
      const views = adaptStep(step, this.program, memory, this.#layout.map.constant);
      placeAdapted(this.#layout, memory, position, views);
    }
  }

  /** Runs the steps from `first` to the one before `end`. */
  run(first = 0, end: number = this.program.steps.length): void {
    const { calls, joined } = this.#layout;
    for (let index = first; index < end; index++) {
      let call = calls[index];
      const both = joined[index];
      if (both && index + 1 < end) {
        call = both;
        index++;
      }
      call.run(call.block);
    }
  }

  #viewTensor(index: number): Float32Array | Uint8Array {
    const { type, shape } = this.program.tensors[index];
    const address = this.#layout.map.tensor(index);
    return viewElements(this.#instance.memory, type, address, elementCount(shape)) as Float32Array | Uint8Array;
  }
}

/** Instances that wait for the executor of the bundle in their memory, by the memory's buffer. */
const reserved = new WeakMap<ArrayBufferLike, KernelInstance>();

function createInstance({ kernels }: ExecutorOptions): KernelInstance {
  if (kernels === "relaxed" && chooseBuild() !== "relaxed") {
    throw new InputError("This host's relaxed dot product saturates: use simd128");
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
