/**
 * Random convolutions and their parameter blocks.
 *
 * @module
 */

import {
  packConvolutionF32,
  packConvolutionU8,
  packDepthwiseF32,
  packDepthwiseU8,
  type WeightShape,
} from "../../calibrate/lower/pack_weights.ts";
import {
  convolutionF32,
  type ConvolutionGeometry,
  convolutionU8,
  depthwiseF32,
} from "../../kernels/reference/convolution.ts";
import type { EpilogueOptions } from "../../kernels/reference/epilogue.ts";
import { ACTIVATION_CODES, type ActivationKind } from "../../runtime/activation.ts";
import { randomActivation } from "./activations.ts";
import { assertKernel, type Field, type Random } from "./harness.ts";

/** Which convolution to draw. */
export interface Kind {
  depthwise: boolean;
  activation: ActivationKind;
}

/** A random geometry: kernel 1 to 7, stride and dilation 1 to 3, uneven pads, groups. */
export function randomGeometry(draw: Random, depthwise: boolean): ConvolutionGeometry {
  const pointwise = draw.integer(0, 2) === 0;
  const groups = depthwise ? draw.integer(1, 40) : draw.pick([1, 1, 1, 2, 3]);
  const perGroup = () => Math.ceil(draw.integer(1, 40) / groups);
  const kernel = () => pointwise ? 1 : draw.pick([1, 2, 3, 3, 5, 7]);
  const axis = () => {
    const size = kernel();
    const stride = pointwise ? 1 : draw.integer(1, 3);
    const dilation = draw.integer(1, size > 3 ? 1 : 3);
    const span = (size - 1) * dilation + 1;
    const pads = pointwise ? [0, 0] : [draw.integer(0, size), draw.integer(0, size)];
    const input = Math.max(draw.integer(1, 9), span - pads[0] - pads[1], 1);
    return {
      size,
      stride,
      dilation,
      pad: pads[0],
      input,
      output: Math.floor((input + pads[0] + pads[1] - span) / stride) + 1,
    };
  };
  const [y, x] = [axis(), axis()];
  return {
    batch: draw.integer(1, 2),
    inputHeight: y.input,
    inputWidth: x.input,
    inputChannels: depthwise ? groups : groups * perGroup(),
    outputHeight: y.output,
    outputWidth: x.output,
    outputChannels: depthwise ? groups : groups * perGroup(),
    kernelHeight: y.size,
    kernelWidth: x.size,
    strideHeight: y.stride,
    strideWidth: x.stride,
    dilationHeight: y.dilation,
    dilationWidth: x.dilation,
    padTop: y.pad,
    padLeft: x.pad,
    groups,
  };
}

/** The words of a geometry in a parameter block. */
export function geometryWords(g: ConvolutionGeometry): number[] {
  return [
    ...[g.batch, g.inputHeight, g.inputWidth, g.inputChannels, g.outputHeight, g.outputWidth, g.outputChannels],
    ...[g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth],
    ...[g.padTop, g.padLeft, g.groups],
  ];
}

/** Scratch bytes by the formula of `kernels/README.md`. */
export function scratchBytes(g: ConvolutionGeometry, depthwise: boolean, elementBytes: number): number {
  const up = (value: number, step: number) => Math.ceil(value / step) * step;
  const taps = g.kernelHeight * g.kernelWidth;
  if (!depthwise) {
    const depth = taps * g.inputChannels / g.groups;
    const [outputs, inputs] = [g.batch * g.outputHeight, g.batch * g.inputHeight];
    const step = g.batch === 1 ? g.strideHeight : Math.max(g.strideHeight, g.inputHeight);
    const reach = (Math.min(outputs, Math.ceil(128 / g.outputWidth) + 1) - 1) * step;
    const rows = Math.min(inputs, reach + (g.kernelHeight - 1) * g.dilationHeight + 1);
    const widened = elementBytes === 1 ? rows * g.inputWidth * g.inputChannels * 2 + 32 : 0;
    const bytes = elementBytes === 1 ? 2 : 4;
    const line = up(g.kernelWidth * g.inputChannels * bytes, 16) + 16;
    return 512 * taps + line + 16 * up(depth, 4) + 128 * up(depth, 16) * bytes + 16 + widened;
  }
  const row = up(g.inputWidth * g.inputChannels + 16, 16) * elementBytes;
  if (elementBytes === 4) return 4 * taps + 16 + row + 32 * g.outputWidth;
  const [rows, columns] = g.kernelHeight === 1 ? [g.kernelWidth, 1] : [g.kernelHeight, g.kernelWidth];
  const padded = up(rows, 4) * columns;
  return 4 * padded + 16 + row + 64 * g.outputWidth + 2 * padded * up(g.outputChannels, 16);
}

/** Shape of a convolution's weights. */
export function weightShape(g: ConvolutionGeometry): WeightShape {
  return [g.outputChannels, g.inputChannels / g.groups, g.kernelHeight, g.kernelWidth];
}

/** Compares an 8-bit convolution of a geometry with the reference. */
export function checkU8(
  g: ConvolutionGeometry,
  kind: Kind & { outputType: "u8" | "f32"; extreme: boolean },
  draw: Random,
): void {
  const shape = weightShape(g);
  const depth = shape[1] * shape[2] * shape[3];
  const inputs = g.batch * g.inputHeight * g.inputWidth * g.inputChannels;
  const input = kind.extreme ? new Uint8Array(inputs).fill(255) : draw.u8(inputs);
  const weights = kind.extreme ? new Int8Array(shape[0] * depth).fill(-127) : draw.i8(shape[0] * depth);
  const spread = 100 * 60 * Math.sqrt(depth);
  const bias = Int32Array.from({ length: shape[0] }, () => draw.integer(-spread, spread));
  // Results are scaled after the activation, or before it, where they may be far beyond the range of u8.
  const scale = draw.pick([1, 50, 1e8]);
  const multiplier = draw.f32(shape[0], 0.5 / spread * scale, 3 / spread * scale);
  const low = draw.pick([0, 0, draw.integer(0, 100)]);
  const options: ConvolutionGeometry & EpilogueOptions & { inputZeroPoint: number } = {
    ...g,
    ...randomActivation(kind.activation, shape[0], draw),
    inputZeroPoint: draw.pick([0, 255, draw.integer(1, 254)]),
    outputType: kind.outputType,
    outputZeroPoint: draw.pick([0, 255, draw.integer(1, 254)]),
    clampLow: low,
    clampHigh: draw.pick([255, draw.integer(low, 255)]),
    outputScale: scale === 1 ? draw.float(10, 100) : 1,
  };
  const expected = convolutionU8(input, { weights, bias, multiplier }, options);
  const packed = kind.depthwise ? packDepthwiseU8(weights, shape) : packConvolutionU8(weights, shape, g.groups);
  assertKernel(kind.depthwise ? "depthwise_u8" : "convolution_u8", expected, (output) => [
    { read: input },
    { constant: packed },
    { constant: bias },
    { constant: multiplier },
    slopesField(options),
    { write: output },
    { scratch: scratchBytes(g, kind.depthwise, 1) },
    ...geometryWords(g),
    options.inputZeroPoint,
    options.outputType === "f32" ? 1 : 0,
    options.outputZeroPoint,
    options.clampLow,
    options.clampHigh,
    ACTIVATION_CODES[options.activation],
    { float: options.activationA! },
    { float: options.activationB! },
    { float: options.outputScale },
    { prepared: g.outputChannels },
  ]);
}

/** Compares an f32 convolution of a geometry with the reference. */
export function checkF32(g: ConvolutionGeometry, kind: Kind, draw: Random): void {
  const shape = weightShape(g);
  const input = draw.f32(g.batch * g.inputHeight * g.inputWidth * g.inputChannels);
  const weights = draw.f32(shape[0] * shape[1] * shape[2] * shape[3]);
  const bias = draw.f32(shape[0]);
  const options = { ...g, ...randomActivation(kind.activation, shape[0], draw) };
  const expected = (kind.depthwise ? depthwiseF32 : convolutionF32)(input, { weights, bias }, options);
  const packed = kind.depthwise ? packDepthwiseF32(weights, shape) : packConvolutionF32(weights, shape, g.groups);
  assertKernel(kind.depthwise ? "depthwise_f32" : "convolution_f32", expected, (output) => [
    { read: input },
    { constant: packed },
    { constant: bias },
    0,
    slopesField(options),
    { write: output },
    { scratch: scratchBytes(g, kind.depthwise, 4) },
    ...geometryWords(g),
    ...[0, 0, 0, 0, 0],
    ACTIVATION_CODES[options.activation],
    { float: options.activationA },
    { float: options.activationB },
    0,
  ]);
}

function slopesField(options: { activation: ActivationKind; slopes?: Float32Array }): Field {
  return options.activation === "prelu" ? { constant: options.slopes! } : 0;
}
