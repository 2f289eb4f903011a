/**
 * Scalar reference of the convolutions, depthwise ones and fully connected
 * layers included.
 *
 * @module
 */

import { activate, type ActivationOptions } from "../../runtime/numerics/activate.ts";
import { multiplyAdd } from "./arithmetic.ts";
import { type EpilogueOptions, finish } from "./epilogue.ts";

/** Geometry of a convolution; channels last. */
export interface ConvolutionGeometry {
  batch: number;
  inputHeight: number;
  inputWidth: number;
  inputChannels: number;
  outputHeight: number;
  outputWidth: number;
  outputChannels: number;
  kernelHeight: number;
  kernelWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  padTop: number;
  padLeft: number;
  groups: number;
}

/** Weights as [O][I / groups][height][width] and the values of each output channel. */
export interface ConvolutionConstants<W, B> {
  weights: W;
  bias: B;
  multiplier?: Float32Array;
}

/** Rows and columns (ky, kx) of the kernel in the order in which products are added. */
function positions(g: ConvolutionGeometry, columnsFirst: boolean): [ky: number, kx: number][] {
  return Array.from(
    { length: g.kernelHeight * g.kernelWidth },
    (_, index) =>
      columnsFirst
        ? [index % g.kernelHeight, Math.floor(index / g.kernelHeight)]
        : [Math.floor(index / g.kernelWidth), index % g.kernelWidth],
  );
}

/** Calls `tap(input index or -1 for padding, weight index)` in the order of the kernel's positions, then of channels. */
function eachTap(
  g: ConvolutionGeometry,
  [n, y, x, channel]: readonly [number, number, number, number],
  { columnsFirst }: { columnsFirst: boolean },
  tap: (source: number, weight: number) => void,
): void {
  const depth = g.inputChannels / g.groups;
  const first = Math.floor(channel / (g.outputChannels / g.groups)) * depth;
  for (const [ky, kx] of positions(g, columnsFirst)) {
    const iy = y * g.strideHeight + ky * g.dilationHeight - g.padTop;
    const ix = x * g.strideWidth + kx * g.dilationWidth - g.padLeft;
    const inside = iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth;
    for (let c = 0; c < depth; c++) {
      const pixel = (n * g.inputHeight + iy) * g.inputWidth + ix;
      const weight = ((channel * depth + c) * g.kernelHeight + ky) * g.kernelWidth + kx;
      tap(inside ? pixel * g.inputChannels + first + c : -1, weight);
    }
  }
}

function eachOutput(
  g: ConvolutionGeometry,
  visit: (place: readonly [number, number, number, number], index: number) => void,
): void {
  let index = 0;
  for (let n = 0; n < g.batch; n++) {
    for (let y = 0; y < g.outputHeight; y++) {
      for (let x = 0; x < g.outputWidth; x++) {
        for (let channel = 0; channel < g.outputChannels; channel++) visit([n, y, x, channel], index++);
      }
    }
  }
}

function outputLength(g: ConvolutionGeometry): number {
  return g.batch * g.outputHeight * g.outputWidth * g.outputChannels;
}

/** Reference of "convolution_u8" and "depthwise_u8"; the bias holds the zero point correction. */
export function convolutionU8(
  input: Uint8Array,
  { weights, bias, multiplier }: ConvolutionConstants<Int8Array, Int32Array>,
  options: ConvolutionGeometry & EpilogueOptions & { inputZeroPoint: number },
): Uint8Array | Float32Array {
  const length = outputLength(options);
  const output = options.outputType === "u8" ? new Uint8Array(length) : new Float32Array(length);
  eachOutput(options, (place, index) => {
    const channel = place[3];
    let sum = bias[channel];
    eachTap(options, place, { columnsFirst: false }, (source, weight) => {
      const x = source < 0 ? options.inputZeroPoint : input[source];
      sum = (sum + Math.imul(x, weights[weight])) | 0;
    });
    const v = Math.fround(Math.fround(sum) * multiplier![channel]);
    output[index] = finish(v, options, channel);
  });
  return output;
}

function sumF32(
  input: Float32Array,
  { weights, bias }: ConvolutionConstants<Float32Array, Float32Array>,
  options: ConvolutionGeometry & ActivationOptions,
  order: { columnsFirst: boolean },
): Float32Array {
  const output = new Float32Array(outputLength(options));
  eachOutput(options, (place, index) => {
    const channel = place[3];
    let sum = bias[channel];
    eachTap(options, place, order, (source, weight) => {
      sum = multiplyAdd(sum, source < 0 ? 0 : input[source], weights[weight]);
    });
    output[index] = activate(sum, options, channel);
  });
  return output;
}

/** Reference of "convolution_f32"; padding adds 0 * w. */
export function convolutionF32(
  input: Float32Array,
  constants: ConvolutionConstants<Float32Array, Float32Array>,
  options: ConvolutionGeometry & ActivationOptions,
): Float32Array {
  return sumF32(input, constants, options, { columnsFirst: false });
}

/** Reference of "depthwise_f32", which adds the products column by column; padding adds 0 * w. */
export function depthwiseF32(
  input: Float32Array,
  constants: ConvolutionConstants<Float32Array, Float32Array>,
  options: ConvolutionGeometry & ActivationOptions,
): Float32Array {
  return sumF32(input, constants, options, { columnsFirst: true });
}
