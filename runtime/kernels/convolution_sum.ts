/**
 * Convolutions whose result is added to another tensor while it is in the
 * cache.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import type { Attribute } from "./attributes.ts";
import { binaryU8, type BinaryU8Attributes, binaryU8Words } from "./binary.ts";
import { convolutionSumBlock } from "./blocks.ts";
import {
  convolution,
  type ConvolutionAttributes,
  convolutionWords,
  scratchBytes,
  signedBiasRoom,
} from "./convolution.ts";
import type { KernelDefinition } from "./definition.ts";
import { EPILOGUE, type EpilogueAttributes } from "./epilogue.ts";
import { stepError, type StepOf } from "./step.ts";

/** A convolution to u8, as of "convolution_u8", and the sum of its result and of the step's second input. */
export interface ConvolutionSumAttributes extends ConvolutionAttributes {
  /** Index of the u8 tensor that takes the convolution's result. */
  product: number;
  /** Factors of the convolution's result and of the second input. */
  sumScales: readonly number[];
  /** Activation function of the sum. */
  sumActivation: EpilogueAttributes["activation"];
  /** Its parameters. */
  sumActivationParameters: readonly number[];
  /** Factor before the sum is rounded, above 0. */
  sumOutputScale: number;
  /** Least and greatest byte of the sum. */
  sumClamp: readonly number[];
}

/** A step that is a convolution and a sum. */
type SumStep = StepOf<string, ConvolutionSumAttributes>;

/** The two steps that would give the same, one after the other. */
export interface SumParts {
  /** Writes the product. */
  convolution: StepOf<"convolution_u8", ConvolutionAttributes>;
  /** Adds the step's second input to it. */
  sum: StepOf<"binary_u8", BinaryU8Attributes>;
}

/** Takes a step apart. */
export function partsOfSum({ name, inputs: [input, addend], output, constants, attributes }: SumStep): SumParts {
  const { product, sumScales, sumActivation, sumActivationParameters, sumOutputScale, sumClamp, ...rest } = attributes;
  const count = elementCount(rest.output);
  return {
    convolution: { kernel: "convolution_u8", name, inputs: [input], output: product, constants, attributes: rest },
    sum: {
      kernel: "binary_u8",
      name,
      inputs: [product, addend],
      output,
      constants: [],
      attributes: {
        operation: "add",
        dimensions: [1, 1, 1, count],
        aStrides: [0, 0, 0, 1],
        bStrides: [0, 0, 0, 1],
        scales: sumScales,
        activation: sumActivation,
        activationParameters: sumActivationParameters,
        outputScale: sumOutputScale,
        clamp: sumClamp,
      },
    },
  };
}

/**
 * The step that is a convolution and the sum that follows it.
 *
 * @param sum Reads the convolution's result as one of its operands.
 * @returns undefined where the sum broadcasts, is no sum, or has that result on both sides.
 */
export function joinSum(
  { name, inputs, output, constants, attributes }: SumParts["convolution"],
  sum: SumParts["sum"],
): StepOf<"convolution_sum_u8", ConvolutionSumAttributes> | undefined {
  const { operation, dimensions, aStrides, bStrides, scales } = sum.attributes;
  const operand = sum.inputs.indexOf(output);
  const addend = sum.inputs[1 - operand];
  if (operation !== "add" || operand < 0 || addend === output) return undefined;
  if (!isContiguous(dimensions, aStrides) || !isContiguous(dimensions, bStrides)) return undefined;
  return {
    kernel: "convolution_sum_u8",
    name,
    inputs: [...inputs, addend],
    output: sum.output,
    constants,
    attributes: {
      ...attributes,
      product: output,
      sumScales: [scales[operand], scales[1 - operand]],
      sumActivation: sum.attributes.activation,
      sumActivationParameters: sum.attributes.activationParameters,
      sumOutputScale: sum.attributes.outputScale,
      sumClamp: sum.attributes.clamp,
    },
  };
}

/** Whether an operand has all elements of the result in their order. */
function isContiguous(dimensions: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = dimensions.length - 1; axis >= 0; axis--) {
    if (dimensions[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= dimensions[axis];
  }
  return true;
}

const TENSOR: Attribute<number> = { type: "integer", min: 0, max: 65535 };

/** The kernel "convolution_sum_u8". */
export const convolutionSum: KernelDefinition<ConvolutionSumAttributes> = {
  attributes: {
    ...convolution.u8.attributes,
    product: TENSOR,
    sumScales: { type: "floats", length: 2 },
    sumActivation: EPILOGUE.activation,
    sumActivationParameters: EPILOGUE.activationParameters,
    sumOutputScale: EPILOGUE.outputScale,
    sumClamp: EPILOGUE.clamp,
  },
  check(step, tables) {
    if (step.inputs.length !== 2) throw stepError(step, `must have 2 inputs: it has ${step.inputs.length}`);
    const { product } = step.attributes;
    if (product >= tables.tensors.length) throw stepError(step, `product must be less than ${tables.tensors.length}`);
    if (step.inputs.includes(product)) throw stepError(step, "product must not be an input");
    if (step.output === product) throw stepError(step, "product must not be the output");
    const parts = partsOfSum(step);
    convolution.u8.check({ ...parts.convolution, kernel: step.kernel }, tables);
    binaryU8.check({ ...parts.sum, kernel: step.kernel }, tables);
  },
  checkData(step, constants) {
    convolution.u8.checkData!(step, constants);
  },
  intermediate: ({ attributes }) => attributes.product,
  bind(step, tables, memory) {
    const parts = partsOfSum(step);
    const block = convolutionSumBlock({
      sum: binaryU8Words(parts.sum, tables, memory),
      convolution: convolutionWords(parts.convolution, "u8", tables, memory),
    });
    block.push(signedBiasRoom(step.attributes, memory));
    return {
      entry: "convolution_sum_u8",
      block,
      scratchBytes: scratchBytes(step.attributes, false, "u8"),
      prepare: "prepare_convolution_sum_u8",
    };
  },
};
