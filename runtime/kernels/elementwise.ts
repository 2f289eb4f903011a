/**
 * Element-wise kernels: activation functions and functions of two tensors.
 *
 * @module
 */

import { elementCount } from "../bundle/format.ts";
import type { Program, StepSpec } from "../program.ts";
import {
  checkConstant,
  checkCounts,
  checkTensor,
  floatWord,
  integers,
  type KernelDefinition,
  shape,
  stepError,
  word,
} from "./definition.ts";
import { checkEpilogue, epilogueOf, epilogueWords, needsSlopes } from "./epilogue.ts";

/** Attributes `activation`, `activationParameters`, and as constant 0 the slopes of a "prelu", along the output's last dimension. */
const activationF32: KernelDefinition = {
  check(step, program) {
    checkEpilogue(step);
    checkCounts(step, 1, needsSlopes(step) ? 1 : 0);
    // The input may be another tensor under a shape of its own: the output's is that of the value.
    const { shape } = program.tensors[step.output];
    checkTensor(step, program.tensors[step.inputs[0]], "f32", elementCount(shape));
    checkTensor(step, program.tensors[step.output], "f32", elementCount(shape));
    if (needsSlopes(step)) checkConstant(step, program, 0, { type: "f32", length: shape[shape.length - 1] });
  },
  bind(step, program, memory) {
    const { shape } = program.tensors[step.output];
    const { activation, a, b } = epilogueOf(step);
    const slopes = needsSlopes(step) ? memory.constant(step.constants[0]) : 0;
    const addresses = [memory.tensor(step.inputs[0]), memory.tensor(step.output)];
    const channels = needsSlopes(step) ? shape[shape.length - 1] : 1;
    return {
      entry: "activation_f32",
      block: [addresses, elementCount(shape), channels, activation, floatWord(a), floatWord(b), slopes],
    };
  },
};

const F32_OPERATIONS = ["add", "subtract", "multiply", "divide", "maximum", "minimum"];
const U8_OPERATIONS = ["add", "multiply"];

/** Checks strides against the tensors; a constant may stand for either operand of the f32 kernel. */
function checkOperands(step: StepSpec, program: Program, type: "u8" | "f32"): void {
  const dimensions = shape(step, "dimensions", 4);
  checkTensor(step, program.tensors[step.output], type, elementCount(dimensions));
  checkCounts(step, 2, 0);
  for (const [operand, key] of (["aStrides", "bStrides"] as const).entries()) {
    const strides = integers(step, key, 4, [0, 2 ** 30]);
    // Kernels read whole vectors along the last dimension that is longer than 1.
    const innermost = dimensions.findLastIndex((length) => length > 1);
    if (strides[3] > 1 || (strides[innermost] ?? 0) > 1) throw stepError(step, `${key} must end in 0 or 1`);
    const tensor = program.tensors[step.inputs[operand]];
    checkTensor(step, tensor, type, elementCount(tensor.shape));
    const last = strides.reduce((sum, stride, axis) => sum + stride * (dimensions[axis] - 1), 0);
    if (last >= elementCount(tensor.shape)) throw stepError(step, `${key} reach past the end of "${tensor.name}"`);
  }
  checkEpilogue(step);
  if (needsSlopes(step)) throw stepError(step, "prelu needs an activation step of its own");
}

function operationCode(step: StepSpec, operations: readonly string[]): number {
  const code = operations.indexOf(word(step, "operation"));
  if (code < 0) throw stepError(step, `operation must be one of ${operations.join(", ")}`);
  return code;
}

function operandWords(step: StepSpec): number[] {
  return ["dimensions", "aStrides", "bStrides"].flatMap((key) => integers(step, key, 4, [0, 2 ** 30]));
}

/** Attributes `operation`, `dimensions`, `aStrides`, `bStrides`, `scales` [a, b] and the epilogue. */
const binaryU8: KernelDefinition = {
  check(step, program) {
    checkOperands(step, program, "u8");
    operationCode(step, U8_OPERATIONS);
    readScales(step);
  },
  bind(step, program, memory) {
    const [a, b] = step.inputs;
    return {
      entry: "binary_u8",
      block: [
        memory.tensor(a),
        memory.tensor(b),
        memory.tensor(step.output),
        operandWords(step),
        operationCode(step, U8_OPERATIONS),
        program.tensors[a].zeroPoint!,
        program.tensors[b].zeroPoint!,
        readScales(step).map(floatWord),
        epilogueWords(step, program.tensors[step.output]),
      ],
    };
  },
};

function readScales(step: StepSpec): number[] {
  const scales = step.attributes.scales;
  if (!Array.isArray(scales) || scales.length !== 2) throw stepError(step, "scales must have two entries");
  return scales;
}

/** Attributes `operation`, `dimensions`, `aStrides`, `bStrides` and the activation. */
const binaryF32: KernelDefinition = {
  check(step, program) {
    checkOperands(step, program, "f32");
    operationCode(step, F32_OPERATIONS);
  },
  bind(step, _program, memory) {
    const [a, b] = step.inputs;
    const { activation, a: first, b: second } = epilogueOf(step);
    const addresses = [memory.tensor(a), memory.tensor(b), memory.tensor(step.output)];
    return {
      entry: "binary_f32",
      block: [
        addresses,
        operandWords(step),
        operationCode(step, F32_OPERATIONS),
        activation,
        floatWord(first),
        floatWord(second),
      ],
    };
  },
};

/** Kernels that this file defines, by name. */
export const elementwiseKernels: Readonly<Record<string, KernelDefinition>> = {
  activation_f32: activationF32,
  binary_u8: binaryU8,
  binary_f32: binaryF32,
};
