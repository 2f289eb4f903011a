/**
 * Where Resize samples its input, along one dimension.
 *
 * @module
 */

import type { ResizeAxis } from "../graph/graph.ts";

const COORDINATE_MODES = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
] as const;

/** How an output position becomes an input position. */
export type CoordinateMode = typeof COORDINATE_MODES[number];

/** Whether a coordinate mode is supported. */
export function isCoordinateMode(mode: string): mode is CoordinateMode {
  return (COORDINATE_MODES as readonly string[]).includes(mode);
}

/** One dimension of a Resize. */
export interface AxisSampling {
  mode: "nearest" | "linear";
  coordinates: CoordinateMode;
  /** The nearest_mode. */
  rounding: string;
  /** Input length. */
  input: number;
  /** Output length. */
  output: number;
  /** Output per input pixel; need not be output / input. */
  scale: number;
}

/** The input positions and weights of each output position. */
export function sampleAxis(sampling: AxisSampling): ResizeAxis {
  const { input, output } = sampling;
  const indices = new Int32Array(2 * output);
  const weights = new Float32Array(output);
  const clamp = (index: number): number => Math.min(Math.max(index, 0), input - 1);
  for (let i = 0; i < output; i++) {
    const position = inputPosition(i, sampling);
    if (sampling.mode === "nearest") {
      indices[2 * i] = indices[2 * i + 1] = clamp(nearest(position, sampling.rounding));
    } else {
      const low = Math.floor(position);
      indices[2 * i] = clamp(low);
      indices[2 * i + 1] = clamp(low + 1);
      weights[i] = position - low;
    }
  }
  return { indices, weights };
}

/** In float32, step by step, as onnxruntime computes it: which pixel is nearest can depend on it. */
function inputPosition(i: number, { coordinates, input, output, scale }: AxisSampling): number {
  const f32 = Math.fround;
  const halfPixel = f32(f32(f32(i + 0.5) / f32(scale)) - 0.5);
  switch (coordinates) {
    case "half_pixel":
      return halfPixel;
    case "half_pixel_symmetric": {
      const adjustment = f32(output / f32(f32(scale) * input));
      const offset = f32(f32(input / 2) * f32(1 - adjustment));
      return f32(offset + f32((i + 0.5) / f32(scale) - 0.5));
    }
    case "pytorch_half_pixel":
      return output > 1 ? halfPixel : 0;
    case "align_corners":
      return output > 1 ? f32(f32(i * (input - 1)) / (output - 1)) : 0;
    case "asymmetric":
      return f32(i / f32(scale));
  }
}

/** As far below the middle onnxruntime still takes the upper one of two pixels. */
const HALF_WAY = 1e-6;

function nearest(position: number, rounding: string): number {
  switch (rounding) {
    case "floor":
      return Math.floor(position);
    case "ceil":
      return Math.ceil(position);
    case "round_prefer_ceil":
      return Math.floor(position + 0.5 + HALF_WAY);
    default:
      return Math.ceil(position - 0.5);
  }
}
