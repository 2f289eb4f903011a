/**
 * Networks to bench as plain data, from which every runtime's file is written.
 *
 * @module
 */

/** Activation function fused into a layer. */
export type LayerActivation = "none" | "relu" | "relu6";

/** Fields that all layers have. */
export interface LayerBase {
  /** Name of the value made. */
  output: string;
  /** Names of the values read. */
  inputs: string[];
}

/**
 * Two-dimensional convolution with a square kernel. Padding is "same": as many
 * outputs as inputs / stride, the odd row and column of padding at the end.
 */
export interface ConvolutionLayer extends LayerBase {
  /** The operator. */
  kind: "convolution";
  /** Height and width of the kernel. */
  kernel: number;
  /** Vertical and horizontal, in pixels. */
  stride: number;
  /** 1, or the number of channels where each is convolved alone. */
  groups: number;
  /** Activation function of the result. */
  activation: LayerActivation;
  /** [outputs, inputs / groups, kernel, kernel]. */
  weights: Float32Array;
  /** One number per output channel. */
  bias: Float32Array;
}

/** y = x W^T + b over the last dimension. */
export interface FullyConnectedLayer extends LayerBase {
  /** The operator. */
  kind: "fullyConnected";
  /** [outputs, inputs]. */
  weights: Float32Array;
  /** One number per output. */
  bias: Float32Array;
}

/** Sum of two values of one shape. */
export interface AdditionLayer extends LayerBase {
  /** The operator. */
  kind: "addition";
  /** Activation function of the result. */
  activation: LayerActivation;
}

/** Maximum over a square window, with "same" padding. */
export interface MaximumPoolLayer extends LayerBase {
  /** The operator. */
  kind: "maximumPool";
  /** Height and width of the window. */
  kernel: number;
  /** Vertical and horizontal, in pixels. */
  stride: number;
}

/** Average over all pixels: from [channels, height, width] to [channels]. */
export interface AveragePoolLayer extends LayerBase {
  /** The operator. */
  kind: "averagePool";
}

/** One layer. */
export type Layer = ConvolutionLayer | FullyConnectedLayer | AdditionLayer | MaximumPoolLayer | AveragePoolLayer;

/** A network of one input and one output, in the order of computation. */
export interface Network {
  /** Name, also of its files. */
  name: string;
  /** Name of the input value. */
  input: string;
  /** Name of the output value, that of the last layer. */
  output: string;
  /** The layers. */
  layers: Layer[];
  /** Shape of each value for one sample: [channels, height, width], [features] or [rows, features]. */
  shapes: Map<string, number[]>;
  /** Multiply-adds of one sample. */
  multiplyAdds: number;
}

/** Padding before the first row or column, and in all, where "same" padding is meant. */
export function samePadding(length: number, kernel: number, stride: number): { before: number; total: number } {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + kernel - length);
  return { before: total >> 1, total };
}
