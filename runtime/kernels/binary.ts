/**
 * Element-wise functions of two tensors, with broadcasting.
 *
 * @module
 */

import { elementCount, type TensorType } from "../tensor.ts";
import { type AttributeTable, dimensions } from "./attributes.ts";
import { binaryF32Block, type BinaryU8Block, binaryU8Block } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition, type MemoryMap, type Tables } from "./definition.ts";
import {
  ACTIVATION,
  type ActivationAttributes,
  activationWords,
  checkEpilogue,
  EPILOGUE,
  type EpilogueAttributes,
  epilogueWords,
  needsSlopes,
} from "./epilogue.ts";
import { checkOperand, STRIDES } from "./operands.ts";
import { stepError, type StepOf } from "./step.ts";

/** How the elements of two operands meet. */
export interface OperandAttributes {
  /** Four dimensions of the result, which is contiguous. */
  dimensions: readonly number[];
  /** Strides of the first operand along them, in elements, 0 where broadcast. */
  aStrides: readonly number[];
  /** Strides of the second operand. */
  bStrides: readonly number[];
}

/** A function of two u8 tensors. */
export interface BinaryU8Attributes extends OperandAttributes, EpilogueAttributes {
  /** What is computed of the operands. */
  operation: "add" | "multiply";
  /** Factors of both operands; a product has its own in the first place. */
  scales: readonly number[];
}

/** A function of two f32 tensors. */
export interface BinaryF32Attributes extends OperandAttributes, ActivationAttributes {
  /** What is computed of the operands. */
  operation: BinaryOperation;
}

/**
 * A function of two float32 a and b. Comparisons give 1 or 0; "prelu" is a, and
 * a b where a is below 0; a "remainder" has the sign of a, a "modulo" that of b.
 */
export type BinaryOperation =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "maximum"
  | "minimum"
  | "equal"
  | "less"
  | "lessOrEqual"
  | "notEqual"
  | "prelu"
  | "power"
  | "remainder"
  | "modulo";

/** Operations by their numbers in parameter blocks. */
const U8_OPERATIONS: readonly BinaryU8Attributes["operation"][] = ["add", "multiply"];
const F32_OPERATIONS: readonly BinaryOperation[] = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "maximum",
  "minimum",
  "equal",
  "less",
  "lessOrEqual",
  "notEqual",
  "prelu",
  "power",
  "remainder",
  "modulo",
];

const OPERANDS: AttributeTable<OperandAttributes> = {
  dimensions: dimensions(4),
  aStrides: STRIDES,
  bStrides: STRIDES,
};

/** Checks strides against the tensors. */
function checkOperands(
  step: StepOf<string, OperandAttributes & ActivationAttributes>,
  { tensors }: Tables,
  type: TensorType,
): void {
  const { dimensions } = step.attributes;
  checkCounts(step, 2, 0);
  checkTensor(step, tensors[step.output], type, elementCount(dimensions));
  for (const [operand, key] of (["aStrides", "bStrides"] as const).entries()) {
    checkOperand(step, tensors[step.inputs[operand]], { dimensions, strides: step.attributes[key], key, type });
  }
  if (needsSlopes(step.attributes)) throw stepError(step, "prelu needs an activation step of its own");
}

/** The kernel "binary_u8". */
export const binaryU8: KernelDefinition<BinaryU8Attributes> = {
  attributes: {
    operation: { type: "word", words: U8_OPERATIONS },
    ...OPERANDS,
    scales: { type: "floats", length: 2 },
    ...EPILOGUE,
  },
  check(step, tables) {
    checkOperands(step, tables, "u8");
    checkEpilogue(step);
  },
  bind: (step, tables, memory) => ({ entry: "binary_u8", block: binaryU8Block(binaryU8Words(step, tables, memory)) }),
};

/** The parameter block of a function of two u8 tensors. */
export function binaryU8Words(
  { inputs: [a, b], output, attributes }: StepOf<string, BinaryU8Attributes>,
  { tensors }: Tables,
  memory: MemoryMap,
): BinaryU8Block {
  const { dimensions, aStrides, bStrides, operation, scales } = attributes;
  return {
    a: memory.tensor(a),
    b: memory.tensor(b),
    output: memory.tensor(output),
    shape: { dimensions, a: aStrides, b: bStrides },
    operation: U8_OPERATIONS.indexOf(operation),
    aZeroPoint: tensors[a].zeroPoint!,
    bZeroPoint: tensors[b].zeroPoint!,
    scales,
    epilogue: epilogueWords(attributes, tensors[output]),
  };
}

/** The kernel "binary_f32". */
export const binaryF32: KernelDefinition<BinaryF32Attributes> = {
  attributes: {
    operation: { type: "word", words: F32_OPERATIONS },
    ...OPERANDS,
    ...ACTIVATION,
  },
  check(step, tables) {
    checkOperands(step, tables, "f32");
  },
  bind(step, _tables, memory) {
    const [a, b] = step.inputs;
    const { dimensions, aStrides, bStrides, operation } = step.attributes;
    return {
      entry: "binary_f32",
      block: binaryF32Block({
        a: memory.tensor(a),
        b: memory.tensor(b),
        output: memory.tensor(step.output),
        shape: { dimensions, a: aStrides, b: bStrides },
        operation: F32_OPERATIONS.indexOf(operation),
        activation: activationWords(step.attributes),
      }),
    };
  },
};
