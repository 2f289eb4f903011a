/**
 * What the runtime knows of a kernel: the attributes of its steps, how to check
 * a step and how to fill its parameter block. The blocks are described in
 * `kernels/README.md`.
 *
 * @module
 */

import { type ConstantSpec, elementCount, type ElementType, type TensorSpec, type TensorType } from "../tensor.ts";
import type { AttributeTable } from "./attributes.ts";
import type { BlockWords, KernelEntry } from "./blocks.ts";
import { stepError, type StepOf } from "./step.ts";

/** Elements in linear memory. */
export type ElementView = Float32Array | Uint8Array | Int8Array | Int32Array;

/** The tables that steps point into. */
export interface Tables {
  tensors: readonly TensorSpec[];
  constants: readonly ConstantSpec[];
}

/** Elements of a tensor along strides; strides and offset in elements. */
export interface StridedWalk {
  dimensions: readonly number[];
  strides: readonly number[];
  offset: number;
}

/** The constants of a step as they lie in a bundle. */
export interface StoredConstants {
  /** The elements of the step's constant `position`; a copy. */
  elements(position: number): ElementView;
  /** The stored bytes of the step's constant `position`, and how many bits an element takes. */
  packed(position: number): PackedElements;
}

/** Elements as they are stored: 4 (the low half of a byte first), 8 or 32 bits each. */
export interface PackedElements {
  bytes: Uint8Array;
  bits: number;
}

/** Where the parts of a program lie in linear memory, as byte addresses. */
export interface MemoryMap {
  tensor(index: number): number;
  constant(index: number): number;
  scratch: number;
  /** Whether u8 tensors lie in memory as signed bytes. */
  signed: boolean;
}

/** A step ready to run. */
export interface KernelCall {
  /** The exported function. */
  entry: KernelEntry;
  /** The words of its parameter block. */
  block: BlockWords;
  /** Bytes of scratch memory that it needs; none where absent. */
  scratchBytes?: number;
  /** The exported function that must have run on the block, on hosts with signed bytes, whenever constants changed. */
  prepare?: KernelEntry;
}

/** A kernel that steps can name. */
export interface KernelDefinition<Attributes> {
  /** How each attribute is read and written. */
  attributes: AttributeTable<Attributes>;
  /** Throws a {@linkcode BundleError} where the step would make the kernel leave its tensors or constants. */
  check(step: StepOf<string, Attributes>, tables: Tables): void;
  /** The elements of its output that a step writes, where they need not be all; other steps write the whole output. */
  writtenPart?(step: StepOf<string, Attributes>): StridedWalk;
  /** The tensor that a step writes beside its output; absent where there is none. */
  intermediate?(step: StepOf<string, Attributes>): number;
  /** Checks the content of the step's constants, where its kernel would read or use what it must not for a wrong value. */
  checkData?(step: StepOf<string, Attributes>, constants: StoredConstants): void;
  /** Makes the call of a checked step. */
  bind(step: StepOf<string, Attributes>, tables: Tables, memory: MemoryMap): KernelCall;
}

/** Checks that the step reads `inputs` tensors and `constants` constants. */
export function checkCounts(step: StepOf<string, unknown>, inputs: number, constants: number): void {
  if (step.inputs.length !== inputs) throw stepError(step, `must have ${inputs} inputs: it has ${step.inputs.length}`);
  const count = step.constants.length;
  if (count !== constants) throw stepError(step, `must have ${constants} constants: it has ${count}`);
}

/** Checks the type and the number of elements of a tensor that the step uses. */
export function checkTensor(
  step: StepOf<string, unknown>,
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
  step: StepOf<string, unknown>,
  tables: Tables,
  index: number,
  expected: { type: ElementType; length: number },
): void {
  const { type, length } = tables.constants[step.constants[index]];
  if ((type === "i4" ? "i8" : type) !== expected.type || length !== expected.length) {
    throw stepError(
      step,
      `constant ${index} must be ${expected.length} x ${expected.type}: it is ${length} x ${type}`,
    );
  }
}
