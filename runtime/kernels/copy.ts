/**
 * Kernels that move elements without computing: strided copies, fills,
 * constants.
 *
 * @module
 */

import { ELEMENT_BYTES, elementCount } from "../bundle/format.ts";
import type { StepSpec } from "../program.ts";
import {
  checkConstant,
  checkCounts,
  checkTensor,
  float,
  floatWord,
  integer,
  integers,
  type KernelDefinition,
  stepError,
} from "./definition.ts";

const STRIDES: [number, number] = [-(2 ** 30), 2 ** 30];

/** Lowest and highest element that a strided walk touches. */
function span(step: StepSpec, which: "input" | "output"): [number, number] {
  const dimensions = integers(step, "dimensions", 6, [1, 2 ** 30]);
  const strides = integers(step, `${which}Strides`, 6, STRIDES);
  const start = integer(step, `${which}Offset`, 0, 2 ** 30, 0);
  let [low, high] = [start, start];
  for (const [axis, stride] of strides.entries()) {
    const reach = stride * (dimensions[axis] - 1);
    if (reach < 0) low += reach;
    else high += reach;
  }
  return [low, high];
}

/**
 * Strided copy between tensors of one type. Attributes `dimensions`,
 * `inputStrides`, `outputStrides` (six each, in elements), `inputOffset`,
 * `outputOffset`.
 */
const copy: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 1, 0);
    const tensors = { input: program.tensors[step.inputs[0]], output: program.tensors[step.output] };
    if (tensors.input.type !== tensors.output.type) throw stepError(step, "input and output must have one type");
    if (step.inputs[0] === step.output) throw stepError(step, "input and output must differ");
    const moved = elementCount(integers(step, "dimensions", 6, [1, 2 ** 30]));
    if (moved > elementCount(tensors.output.shape)) {
      throw stepError(step, `dimensions hold ${moved} elements, more than tensor "${tensors.output.name}"`);
    }
    for (const which of ["input", "output"] as const) {
      const [low, high] = span(step, which);
      if (low < 0 || high >= elementCount(tensors[which].shape)) {
        throw stepError(step, `${which} strides leave tensor "${tensors[which].name}"`);
      }
    }
  },
  bind(step, program, memory) {
    return {
      entry: ELEMENT_BYTES[program.tensors[step.output].type] === 1 ? "copy_8" : "copy_32",
      block: [
        memory.tensor(step.inputs[0]),
        memory.tensor(step.output),
        integer(step, "inputOffset", 0, 2 ** 30, 0),
        integer(step, "outputOffset", 0, 2 ** 30, 0),
        integers(step, "dimensions", 6, [1, 2 ** 30]),
        integers(step, "inputStrides", 6, STRIDES),
        integers(step, "outputStrides", 6, STRIDES),
      ],
    };
  },
};

/** Sets every element to the attribute `value`: a byte of a u8 tensor, a float of an f32 tensor. */
const fill: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 0, 0);
    if (program.tensors[step.output].type === "u8") integer(step, "value", 0, 255);
    else float(step, "value");
  },
  bind(step, program, memory) {
    const { type, shape } = program.tensors[step.output];
    const value = float(step, "value");
    return {
      entry: type === "u8" ? "fill_8" : "fill_32",
      block: [memory.tensor(step.output), elementCount(shape), type === "u8" ? value : floatWord(value)],
    };
  },
};

/** Brings constant 0 into a tensor of the same type and length. */
const constant: KernelDefinition = {
  check(step, program) {
    checkCounts(step, 0, 1);
    const { type, shape } = program.tensors[step.output];
    checkTensor(step, program.tensors[step.output], type, elementCount(shape));
    checkConstant(step, program, 0, { type, length: elementCount(shape) });
  },
  bind(step, program, memory) {
    const { type, shape } = program.tensors[step.output];
    return {
      entry: type === "u8" ? "constant_8" : "constant_32",
      block: [memory.constant(step.constants[0]), memory.tensor(step.output), elementCount(shape)],
    };
  },
};

/** Kernels that this file defines, by name. */
export const copyKernels: Readonly<Record<string, KernelDefinition>> = { copy, fill, constant };
