/**
 * Scalar reference of maximum and average over windows.
 *
 * @module
 */

import { toU8 } from "./arithmetic.ts";

const f = Math.fround;

/** Geometry of a pooling; channels last. */
export interface PoolGeometry {
  batch: number;
  inputHeight: number;
  inputWidth: number;
  channels: number;
  outputHeight: number;
  outputWidth: number;
  kernelHeight: number;
  kernelWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  padTop: number;
  padLeft: number;
  padBottom: number;
  padRight: number;
}

/** Input indices of a window inside the input, ascending, and the count of padded positions. */
function eachWindow(
  g: PoolGeometry,
  visit: (sources: number[], padded: number, index: number) => void,
): void {
  let index = 0;
  for (let n = 0; n < g.batch; n++) {
    for (let y = 0; y < g.outputHeight; y++) {
      for (let x = 0; x < g.outputWidth; x++) {
        const { pixels, padded } = window(g, y, x);
        for (let c = 0; c < g.channels; c++) {
          const base = n * g.inputHeight * g.inputWidth;
          visit(pixels.map((pixel) => (base + pixel) * g.channels + c), padded, index++);
        }
      }
    }
  }
}

function window(g: PoolGeometry, y: number, x: number): { pixels: number[]; padded: number } {
  const pixels: number[] = [];
  let padded = 0;
  for (let ky = 0; ky < g.kernelHeight; ky++) {
    const iy = y * g.strideHeight + ky * g.dilationHeight - g.padTop;
    for (let kx = 0; kx < g.kernelWidth; kx++) {
      const ix = x * g.strideWidth + kx * g.dilationWidth - g.padLeft;
      if (iy < g.inputHeight + g.padBottom && ix < g.inputWidth + g.padRight) padded++;
      if (iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth) pixels.push(iy * g.inputWidth + ix);
    }
  }
  return { pixels, padded };
}

function outputLength(g: PoolGeometry): number {
  return g.batch * g.outputHeight * g.outputWidth * g.channels;
}

/** Reference of "max_pool_u8"; an empty window gives 0. */
export function maxPoolU8(input: Uint8Array, options: PoolGeometry): Uint8Array {
  const output = new Uint8Array(outputLength(options));
  eachWindow(options, (sources, _, index) => output[index] = Math.max(0, ...sources.map((i) => input[i])));
  return output;
}

/** Reference of "max_pool_f32"; an empty window gives negative infinity. */
export function maxPoolF32(input: Float32Array, options: PoolGeometry): Float32Array {
  const output = new Float32Array(outputLength(options));
  eachWindow(options, (sources, _, index) => output[index] = Math.max(...sources.map((i) => input[i])));
  return output;
}

/** Reference of "average_pool_u8". */
export function averagePoolU8(
  input: Uint8Array,
  options: PoolGeometry & {
    countIncludePad: boolean;
    inputZeroPoint: number;
    outputZeroPoint: number;
    scale: number;
  },
): Uint8Array {
  const output = new Uint8Array(outputLength(options));
  const rounding = { low: 0, high: 255, zeroPoint: options.outputZeroPoint };
  eachWindow(options, (sources, padded, index) => {
    const count = options.countIncludePad ? padded : sources.length;
    const sum = sources.reduce((total, i) => total + input[i] - options.inputZeroPoint, 0);
    output[index] = toU8(f(f(sum) * f(f(options.scale) / count)), rounding);
  });
  return output;
}

/** Reference of "average_pool_f32". */
export function averagePoolF32(
  input: Float32Array,
  options: PoolGeometry & { countIncludePad: boolean },
): Float32Array {
  const output = new Float32Array(outputLength(options));
  eachWindow(options, (sources, padded, index) => {
    const count = options.countIncludePad ? padded : sources.length;
    output[index] = f(sources.reduce((total, i) => f(total + input[i]), 0) / count);
  });
  return output;
}
