/**
 * Convolution and fully connected kernels.
 *
 * Constants of "convolution_u8" and "depthwise_u8": packed weights (i8), bias
 * with the zero point correction (i32), multiplier (f32), and the slopes of a
 * "prelu" (f32). Of the f32 kernels: packed weights, bias, slopes.
 *
 * @module
 */

import { ELEMENT_BYTES, elementCount } from "../bundle/format.ts";
import type { ElementType, Program, StepSpec, TensorType } from "../program.ts";
import {
  checkConstant,
  checkCounts,
  checkTensor,
  integer,
  integers,
  type KernelDefinition,
  shape,
  stepError,
} from "./definition.ts";
import { checkEpilogue, epilogueWords, needsSlopes } from "./epilogue.ts";

const MAX_GEOMETRY = 65535;
/** Range of kernel sizes, strides and dilations. */
const SIZES = [1, MAX_GEOMETRY] as const;
const PADS = [0, MAX_GEOMETRY] as const;

/** Most output positions that a convolution computes at once. */
const MAX_ROWS = 128;

/** The geometry attributes of a convolution step. */
export interface ConvolutionGeometry {
  /** [batch, height, width, channels]. */
  input: number[];
  /** [batch, height, width, channels]. */
  output: number[];
  kernel: number[];
  stride: number[];
  dilation: number[];
  /** [top, left]. */
  pads: number[];
  groups: number;
}

const ONES = [1, 1];
const ZEROS = [0, 0];

/** The geometry attributes of a checked convolution step. */
export function geometryOf({ attributes }: StepSpec): ConvolutionGeometry {
  const { input, output, kernel = ONES, stride = ONES, dilation = ONES, pads = ZEROS, groups = 1 } = attributes as
    & Partial<ConvolutionGeometry>
    & Pick<ConvolutionGeometry, "input" | "output">;
  return { input, output, kernel, stride, dilation, pads, groups };
}

/** Checks the geometry attributes of a convolution step, and gives them. */
function checkGeometry(step: StepSpec): ConvolutionGeometry {
  shape(step, "input", 4);
  shape(step, "output", 4);
  integers(step, "kernel", 2, SIZES, ONES);
  integers(step, "stride", 2, SIZES, ONES);
  integers(step, "dilation", 2, SIZES, ONES);
  integers(step, "pads", 2, PADS, ZEROS);
  integer(step, "groups", 1, 2 ** 24, 1);
  const geometry = geometryOf(step);
  const { input, output, groups, kernel, stride, dilation } = geometry;
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
  return geometry;
}

/** Elements that the packed weights of 16 channels of a depthwise kernel take. */
function depthwiseBlock([height, width]: readonly number[], type: TensorType): number {
  if (type === "f32") return height * width * 16;
  return height === 1 ? Math.ceil(width / 4) * 64 : Math.ceil(height / 4) * width * 64;
}

/** Number of elements of packed weights; the layouts are in `kernels/README.md`. */
export function packedLength(geometry: ConvolutionGeometry, depthwise: boolean, type: TensorType): number {
  const { input, output, kernel, groups } = geometry;
  if (depthwise) return Math.ceil(output[3] / 16) * depthwiseBlock(kernel, type);
  const depth = kernel[0] * kernel[1] * (input[3] / groups);
  const blocks = groups * Math.ceil(output[3] / groups / 8);
  return blocks * 8 * (type === "u8" ? Math.ceil(depth / 4) * 4 : depth);
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

/** Adds to the bias what a signed dot product leaves out: 128 times the sum of each channel's weights. */
function signedBias(
  geometry: ConvolutionGeometry,
  depthwise: boolean,
  weights: Int8Array,
  bias: Int32Array,
): Int32Array {
  const adapted = bias.slice();
  const channels = geometry.output[3];
  if (depthwise) {
    const block = depthwiseBlock(geometry.kernel, "u8");
    for (let index = 0; index < weights.length; index++) {
      const channel = Math.floor(index / block) * 16 + (index >> 2) % 16;
      if (channel < channels) adapted[channel] += 128 * weights[index];
    }
    return adapted;
  }
  const perGroup = channels / geometry.groups;
  const panels = Math.ceil(perGroup / 8);
  const panelLength = weights.length / geometry.groups / panels;
  for (let channel = 0; channel < channels; channel++) {
    const inGroup = channel % perGroup;
    const panel = (channel - inGroup) / perGroup * panels + Math.floor(inGroup / 8);
    const end = (panel + 1) * panelLength;
    let sum = 0;
    for (let index = panel * panelLength + inGroup % 8 * 4; index < end; index += 32) {
      sum += weights[index] + weights[index + 1] + weights[index + 2] + weights[index + 3];
    }
    adapted[channel] += 128 * sum;
  }
  return adapted;
}

function define(depthwise: boolean, type: TensorType): KernelDefinition {
  const entry = `${depthwise ? "depthwise" : "convolution"}_${type}`;
  const weightType: ElementType = type === "u8" ? "i8" : "f32";

  function check(step: StepSpec, program: Program): void {
    const geometry = checkGeometry(step);
    checkEpilogue(step);
    const channels = geometry.output[3];
    if (depthwise && (geometry.groups !== channels || geometry.input[3] !== channels)) {
      throw stepError(step, "a depthwise convolution must have as many groups, inputs and outputs");
    }
    const plain = type === "u8" ? 3 : 2;
    const count = plain + (needsSlopes(step) ? 1 : 0);
    checkCounts(step, 1, count);
    checkTensor(step, program.tensors[step.inputs[0]], type, elementCount(geometry.input));
    checkTensor(step, program.tensors[step.output], type === "u8" ? undefined : "f32", elementCount(geometry.output));
    checkConstant(step, program, 0, { type: weightType, length: packedLength(geometry, depthwise, type) });
    checkConstant(step, program, 1, { type: type === "u8" ? "i32" : "f32", length: channels });
    for (let index = 2; index < count; index++) checkConstant(step, program, index, { type: "f32", length: channels });
  }

  return {
    check,
    adaptConstants(step, constant) {
      if (type !== "u8") return new Map();
      const [weights, bias] = [constant(0) as Int8Array, constant(1) as Int32Array];
      return new Map([[1, signedBias(geometryOf(step), depthwise, weights, bias)]]);
    },
    bind(step, program, memory) {
      const geometry = geometryOf(step);
      const { input, output, kernel, stride, dilation, pads, groups } = geometry;
      const { constants } = step;
      const weights = memory.constant(constants[0]);
      const bias = memory.constant(constants[1]);
      const multiplier = type === "u8" ? memory.constant(constants[2]) : 0;
      const slopes = needsSlopes(step) ? memory.constant(constants[constants.length - 1]) : 0;
      const outputTensor = program.tensors[step.output];
      return {
        entry,
        block: [
          memory.tensor(step.inputs[0]),
          weights,
          bias,
          multiplier,
          slopes,
          memory.tensor(step.output),
          memory.scratch,
          input,
          output.slice(1),
          kernel,
          stride,
          dilation,
          pads,
          groups,
          program.tensors[step.inputs[0]].zeroPoint ?? 0,
          outputTensor.type === "f32" ? 1 : 0,
          epilogueWords(step, outputTensor),
        ],
        scratchBytes: scratchBytes(geometry, depthwise, type),
      };
    },
  };
}

/** Kernels that this file defines, by name. */
export const convolutionKernels: Readonly<Record<string, KernelDefinition>> = {
  convolution_u8: define(false, "u8"),
  convolution_f32: define(false, "f32"),
  depthwise_u8: define(true, "u8"),
  depthwise_f32: define(true, "f32"),
};
