/**
 * Convolution and fully connected kernels.
 *
 * Constants of "convolution_u8" and "depthwise_u8": packed weights (i8), bias
 * with the zero point correction (i32), multiplier (f32), and the slopes of a
 * "prelu" (f32). Of the f32 kernels: packed weights, bias, slopes.
 *
 * @module
 */

import { ELEMENT_BYTES, elementCount, type ElementType, type TensorType } from "../tensor.ts";
import { dimensions } from "./attributes.ts";
import { type ConvolutionBlock, convolutionBlock } from "./blocks.ts";
import {
  checkConstant,
  checkCounts,
  checkTensor,
  type KernelDefinition,
  type MemoryMap,
  type Tables,
} from "./definition.ts";
import { checkEpilogue, EPILOGUE, type EpilogueAttributes, epilogueWords, needsSlopes } from "./epilogue.ts";
import { type ConvolutionGeometry, depthwiseBlock, findPadding, packedLength } from "./packed_weights.ts";
import { stepError, type StepOf } from "./step.ts";

/** A convolution, or a fully connected layer as one with a kernel of 1 x 1. */
export interface ConvolutionAttributes extends ConvolutionGeometry, EpilogueAttributes {}

const MAX_GEOMETRY = 65535;
const SIZES = { type: "integers", length: 2, min: 1, max: MAX_GEOMETRY, absent: [1, 1] } as const;

/** Most output positions that a convolution computes at once. */
const MAX_ROWS = 128;

/** Checks that the geometry of a convolution step is one. */
function checkGeometry(step: StepOf<string, ConvolutionGeometry>): void {
  const { input, output, groups, kernel, stride, dilation } = step.attributes;
  if (input[0] !== output[0]) throw stepError(step, "input and output batch differ");
  if (input[3] % groups !== 0 || output[3] % groups !== 0) {
    throw stepError(step, `groups ${groups} must divide ${input[3]} input and ${output[3]} output channels`);
  }
  if (kernel[0] * kernel[1] * (input[3] / groups) > 2 ** 24) throw stepError(step, "kernel is over the limit");
  for (let axis = 0; axis < 2; axis++) {
    if ((output[axis + 1] - 1) * stride[axis] + kernel[axis] * dilation[axis] > 2 ** 30) {
      throw stepError(step, "output positions are over the limit");
    }
  }
}

function convolutionScratchBytes(geometry: ConvolutionGeometry, type: TensorType): number {
  const { input: [batch, height, width, inputs], output, kernel, stride, dilation, groups } = geometry;
  const bytes = type === "u8" ? 2 : 4;
  const taps = kernel[0] * kernel[1];
  const depth = taps * (inputs / groups);
  const lines = taps * MAX_ROWS * 4;
  const padding = Math.ceil(kernel[1] * inputs * bytes / 16) * 16 + 16;
  const panel = Math.ceil(depth / 4) * 64;
  const gathered = MAX_ROWS * Math.ceil(depth / 16) * 16 * bytes + 16;
  if (type === "f32") return lines + padding + panel + gathered;
  const outputRows = Math.min(batch * output[1], Math.ceil(MAX_ROWS / output[2]) + 1);
  const step = batch === 1 ? stride[0] : Math.max(stride[0], height);
  const rows = Math.min(batch * height, (outputRows - 1) * step + (kernel[0] - 1) * dilation[0] + 1);
  return lines + padding + panel + gathered + rows * width * inputs * bytes + 32;
}

/** Bytes of scratch memory that a step needs, as `kernels/README.md` states. */
export function scratchBytes(geometry: ConvolutionGeometry, depthwise: boolean, type: TensorType): number {
  const { input, output, kernel } = geometry;
  const bytes = ELEMENT_BYTES[type];
  if (!depthwise) return convolutionScratchBytes(geometry, type);
  const row = Math.ceil((input[2] * input[3] + 16) / 16) * 16 * bytes;
  const block = depthwiseBlock(kernel, type);
  const taps = block / 4 + 16 + row;
  return type === "f32" ? taps + 32 * output[2] : taps + 64 * output[2] + 2 * block * Math.ceil(output[3] / 16);
}

function define(depthwise: boolean, type: TensorType): KernelDefinition<ConvolutionAttributes> {
  const entry = `${depthwise ? "depthwise" : "convolution"}_${type}` as const;
  const weightType: ElementType = type === "u8" ? "i8" : "f32";

  function check(step: StepOf<string, ConvolutionAttributes>, tables: Tables): void {
    const { attributes } = step;
    checkGeometry(step);
    checkEpilogue(step);
    const channels = attributes.output[3];
    if (depthwise && (attributes.groups !== channels || attributes.input[3] !== channels)) {
      throw stepError(step, "a depthwise convolution must have as many groups, inputs and outputs");
    }
    const plain = type === "u8" ? 3 : 2;
    const count = plain + (needsSlopes(attributes) ? 1 : 0);
    checkCounts(step, 1, count);
    checkTensor(step, tables.tensors[step.inputs[0]], type, elementCount(attributes.input));
    checkTensor(step, tables.tensors[step.output], type === "u8" ? undefined : "f32", elementCount(attributes.output));
    checkConstant(step, tables, 0, { type: weightType, length: packedLength(attributes, depthwise, type) });
    checkConstant(step, tables, 1, { type: type === "u8" ? "i32" : "f32", length: channels });
    for (let index = 2; index < count; index++) checkConstant(step, tables, index, { type: "f32", length: channels });
  }

  return {
    attributes: {
      input: dimensions(4),
      output: dimensions(4),
      kernel: SIZES,
      stride: SIZES,
      dilation: SIZES,
      pads: { type: "integers", length: 2, min: 0, max: MAX_GEOMETRY, absent: [0, 0] },
      groups: { type: "integer", min: 1, max: 2 ** 24, absent: 1 },
      ...EPILOGUE,
    },
    check,
    checkData(step, constants) {
      const { bytes, bits } = constants.packed(0);
      const index = findPadding(step.attributes, { depthwise, type }, bytes, bits);
      if (index !== undefined) {
        throw stepError(step, `the padding of its weights must be zero: element ${index} is not`);
      }
    },
    bind(step, tables, memory) {
      const block = convolutionBlock(convolutionWords(step, type, tables, memory));
      const scratch = scratchBytes(step.attributes, depthwise, type);
      if (type === "f32") return { entry, block, scratchBytes: scratch };
      block.push(signedBiasRoom(step.attributes, memory));
      return {
        entry,
        block,
        prepare: depthwise ? "prepare_depthwise_u8" : "prepare_convolution_u8",
        scratchBytes: scratch,
      };
    },
  };
}

/** The parameter block of a convolution. */
export function convolutionWords(
  { inputs: [source], output: target, constants, attributes }: StepOf<string, ConvolutionAttributes>,
  type: TensorType,
  { tensors }: Tables,
  memory: MemoryMap,
): ConvolutionBlock {
  const { input, output, kernel, stride, dilation, pads, groups } = attributes;
  return {
    input: memory.tensor(source),
    weights: memory.constant(constants[0]),
    bias: memory.constant(constants[1]),
    multiplier: type === "u8" ? memory.constant(constants[2]) : 0,
    slopes: needsSlopes(attributes) ? memory.constant(constants[constants.length - 1]) : 0,
    output: memory.tensor(target),
    scratch: memory.scratch,
    inputShape: input,
    outputHeight: output[1],
    outputWidth: output[2],
    outputChannels: output[3],
    kernel,
    stride,
    dilation,
    pads,
    groups,
    inputZeroPoint: tensors[source].zeroPoint ?? 0,
    outputType: tensors[target].type === "f32" ? 1 : 0,
    epilogue: epilogueWords(attributes, tensors[target]),
  };
}

/** The words behind the block of a u8 convolution where kernels prepare the bias that serves signed bytes. */
export function signedBiasRoom({ output }: ConvolutionGeometry, { signed }: MemoryMap): readonly number[] {
  return signed ? new Array<number>(output[3]).fill(0) : NO_WORDS;
}

const NO_WORDS: readonly number[] = [];

/** The kernels "convolution_u8" and "convolution_f32". */
export const convolution = { u8: define(false, "u8"), f32: define(false, "f32") } as const;

/** The kernels "depthwise_u8" and "depthwise_f32". */
export const depthwise = { u8: define(true, "u8"), f32: define(true, "f32") } as const;
