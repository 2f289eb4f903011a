/**
 * What the runtime knows of a kernel: how to check a step that calls it and how
 * to fill its parameter block. The blocks are described in `kernels/README.md`.
 *
 * @module
 */

import { BundleError } from "../errors.ts";
import type { ElementType, Program, StepSpec, TensorSpec, TensorType } from "../program.ts";
import { elementCount } from "../bundle/format.ts";
import { areIntegers, asFloat, asInteger, asIntegers, asString, isInteger } from "../bundle/fields.ts";

/** Elements in linear memory. */
export type ElementView = Float32Array | Uint8Array | Int8Array | Int32Array;

/** Where the parts of a program lie in linear memory, as byte addresses. */
export interface MemoryMap {
  tensor(index: number): number;
  constant(index: number): number;
  scratch: number;
}

/** A step ready to run. */
export interface KernelCall {
  /** The exported function. */
  entry: string;
  /** The words of its parameter block, some of them in lists. */
  block: (number | readonly number[])[];
  /** Bytes of scratch memory that it needs; none where absent. */
  scratchBytes?: number;
}

/** A kernel that steps can name. */
export interface KernelDefinition {
  /** Throws a {@linkcode BundleError} where the step would make the kernel leave its tensors or constants. */
  check(step: StepSpec, program: Program): void;
  /** Checks the content of the step's constants, where a wrong value would make the kernel leave its tensors. */
  checkData?(step: StepSpec, constants: readonly ArrayBufferView[]): void;
  /**
   * What takes the place of the step's constants on hosts with a signed dot
   * product, by their position in the step; each has as many elements on every
   * call. Absent where all serve as they are.
   */
  adaptConstants?(step: StepSpec, constant: (position: number) => ElementView): ReadonlyMap<number, ElementView>;
  /** Makes the call of a checked step. */
  bind(step: StepSpec, program: Program, memory: MemoryMap): KernelCall;
}

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a float32 as the integer word that holds them in a parameter block. */
export function floatWord(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

function place(step: StepSpec, key: string): string {
  return `Step "${step.name}" (${step.kernel}): ${key}`;
}

/** An error about a step. */
export function stepError(step: StepSpec, message: string): BundleError {
  return new BundleError(`Step "${step.name}" (${step.kernel}): ${message}`);
}

/** The integer attribute `key`, from `min` to `max`; `fallback` where it is absent. */
export function integer(step: StepSpec, key: string, min: number, max: number, fallback?: number): number {
  const value = step.attributes[key] ?? fallback;
  return isInteger(value, min, max) ? value : asInteger(value, place(step, key), min, max);
}

/** The list of `length` integers `key`, each from `min` to `max`; `fallback` where it is absent. */
export function integers(
  step: StepSpec,
  key: string,
  length: number,
  range: readonly [min: number, max: number],
  fallback?: readonly number[],
): readonly number[] {
  const value = step.attributes[key];
  if (value === undefined && fallback !== undefined) return fallback;
  return areIntegers(value, range[0], range[1], length)
    ? value
    : asIntegers(value, place(step, key), range[0], range[1], length);
}

/** The float32 attribute `key`; `fallback` where it is absent. */
export function float(step: StepSpec, key: string, fallback?: number): number {
  const value = step.attributes[key] ?? fallback;
  return typeof value === "number" ? value : asFloat(value, place(step, key));
}

/** The string attribute `key`; `fallback` where it is absent. */
export function word(step: StepSpec, key: string, fallback?: string): string {
  const value = step.attributes[key] ?? fallback;
  return typeof value === "string" ? value : asString(value, place(step, key));
}

const DIMENSIONS = [1, 2 ** 30] as const;

/** The shape attribute `key` of `rank` dimensions, each from 1 to 2^30. */
export function shape(step: StepSpec, key: string, rank: number): readonly number[] {
  return integers(step, key, rank, DIMENSIONS);
}

/** Checks that the step reads `inputs` tensors and holds from `min` to `max` constants. */
export function checkCounts(step: StepSpec, inputs: number, min: number, max = min): void {
  if (step.inputs.length !== inputs) throw stepError(step, `must have ${inputs} inputs: it has ${step.inputs.length}`);
  const count = step.constants.length;
  if (count < min || count > max) throw stepError(step, `must have ${min} to ${max} constants: it has ${count}`);
}

/** Checks the type and the number of elements of a tensor that the step uses. */
export function checkTensor(
  step: StepSpec,
  tensor: TensorSpec,
  type: TensorType | undefined,
  elements: number,
): void {
  if (type !== undefined && tensor.type !== type) {
    throw stepError(step, `tensor "${tensor.name}" must be ${type}: it is ${tensor.type}`);
  }
  const count = elementCount(tensor.shape);
  if (count !== elements) throw stepError(step, `tensor "${tensor.name}" has ${count} elements, ${elements} expected`);
}

/** Checks the type and the number of elements of the step's constant `index`. */
export function checkConstant(
  step: StepSpec,
  program: Program,
  index: number,
  expected: { type: ElementType; length: number },
): void {
  const { type, length } = program.constants[step.constants[index]];
  if ((type === "i4" ? "i8" : type) !== expected.type || length !== expected.length) {
    throw stepError(
      step,
      `constant ${index} must be ${expected.length} x ${expected.type}: it is ${length} x ${type}`,
    );
  }
}
