/**
 * Parameter blocks of the kernels: written by `kernels/generate_blocks.ts` from
 * `kernels/blocks.ts`. Pointers are byte addresses, floats numbers.
 *
 * @module
 */

import { floatWord } from "./float_word.ts";

/** The name of an exported function that takes a parameter block. */
export type KernelEntry =
  | "convolution_u8"
  | "convolution_f32"
  | "depthwise_u8"
  | "depthwise_f32"
  | "prepare_convolution_u8"
  | "prepare_depthwise_u8"
  | "convolution_sum_u8"
  | "prepare_convolution_sum_u8"
  | "quantize"
  | "dequantize"
  | "lookup"
  | "activation_f32"
  | "binary_u8"
  | "binary_f32"
  | "select_f32"
  | "reduce_f32"
  | "gather_f32"
  | "cumulative_sum_f32"
  | "top_indices_f32"
  | "max_pool_u8"
  | "max_pool_f32"
  | "average_pool_u8"
  | "average_pool_f32"
  | "softmax_f32"
  | "layer_normalization_f32"
  | "matmul_f32"
  | "resize_u8"
  | "resize_f32"
  | "copy_8"
  | "copy_32"
  | "fill_8"
  | "fill_32"
  | "constant_8"
  | "constant_32";

/** The words of a parameter block, some of them in lists. */
export type BlockWords = (number | readonly number[])[];

/** An activation function. */
export interface ActivationWords {
  /** Which function, by the activation codes above. */
  code: number;
  /** Its first parameter. */
  a: number;
  /** Its second parameter. */
  b: number;
}

/** What makes a stored result of a scaled sum. */
export interface EpilogueWords {
  /** Zero point of a u8 result. */
  zeroPoint: number;
  /** Least u8 result. */
  low: number;
  /** Greatest u8 result. */
  high: number;
  /** Activation function. */
  activation: ActivationWords;
  /** Factor between the activation and a u8 result, above 0. */
  scale: number;
}

/** Dimensions of a contiguous result, and the strides of both operands in elements. */
export interface BroadcastWords {
  /** Dimensions of the result. */
  dimensions: readonly number[];
  /** Strides of the first operand: 0 where broadcast, the last 0 or 1. */
  a: readonly number[];
  /** Strides of the second operand alike. */
  b: readonly number[];
}

/** Parameter block of convolution_u8, convolution_f32, depthwise_u8, depthwise_f32, prepare_convolution_u8, prepare_depthwise_u8. */
export interface ConvolutionBlock {
  /** Input. */
  input: number;
  /** Packed weights. */
  weights: number;
  /** Bias [outputChannels], i32 or f32. */
  bias: number;
  /** Multipliers [outputChannels]; 0 in the f32 kernels. */
  multiplier: number;
  /** Slopes [outputChannels] of a prelu, else 0. */
  slopes: number;
  /** Output. */
  output: number;
  /** Scratch memory, a multiple of 16. */
  scratch: number;
  /** Dimensions of the input: batch, inputHeight, inputWidth, inputChannels. */
  inputShape: readonly number[];
  /** Output rows. */
  outputHeight: number;
  /** Output columns. */
  outputWidth: number;
  /** Output channels. */
  outputChannels: number;
  /** Rows and columns of the kernel: kernelHeight, kernelWidth. */
  kernel: readonly number[];
  /** Input rows and columns from one output position to the next: strideHeight, strideWidth. */
  stride: readonly number[];
  /** Input rows and columns from one tap to the next: dilationHeight, dilationWidth. */
  dilation: readonly number[];
  /** Padded rows above and columns to the left: padTop, padLeft. */
  pads: readonly number[];
  /** Groups of channels. */
  groups: number;
  /** Zero point of a u8 input. */
  inputZeroPoint: number;
  /** Output of a u8 kernel: 0 u8, 1 f32. */
  outputType: number;
  /** The epilogue; the f32 kernels use its activation alone. */
  epilogue: EpilogueWords;
}

/** The words of a {@linkcode ConvolutionBlock}. */
export function convolutionBlock(block: ConvolutionBlock): BlockWords {
  return [
    block.input,
    block.weights,
    block.bias,
    block.multiplier,
    block.slopes,
    block.output,
    block.scratch,
    block.inputShape,
    block.outputHeight,
    block.outputWidth,
    block.outputChannels,
    block.kernel,
    block.stride,
    block.dilation,
    block.pads,
    block.groups,
    block.inputZeroPoint,
    block.outputType,
    block.epilogue.zeroPoint,
    block.epilogue.low,
    block.epilogue.high,
    block.epilogue.activation.code,
    floatWord(block.epilogue.activation.a),
    floatWord(block.epilogue.activation.b),
    floatWord(block.epilogue.scale),
  ];
}

/** Parameter block of convolution_sum_u8, prepare_convolution_sum_u8. */
export interface ConvolutionSumBlock {
  /** A sum of the convolution's output and another tensor, without broadcasts. */
  sum: BinaryU8Block;
  /** The convolution. */
  convolution: ConvolutionBlock;
}

/** The words of a {@linkcode ConvolutionSumBlock}. */
export function convolutionSumBlock(block: ConvolutionSumBlock): BlockWords {
  return [
    ...binaryU8Block(block.sum),
    ...convolutionBlock(block.convolution),
  ];
}

/** Parameter block of quantize. */
export interface QuantizeBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Dimensions of the output: batch, pixels, channels. */
  dimensions: readonly number[];
  /** 1 where the input is [batch][channels][pixels], else 0. */
  transposed: number;
  /** 1 / scale of the output. */
  inverseScale: number;
  /** Zero point of the output. */
  zeroPoint: number;
}

/** The words of a {@linkcode QuantizeBlock}. */
export function quantizeBlock(block: QuantizeBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.dimensions,
    block.transposed,
    floatWord(block.inverseScale),
    block.zeroPoint,
  ];
}

/** Parameter block of dequantize. */
export interface DequantizeBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Elements. */
  count: number;
  /** Scale of the input. */
  scale: number;
  /** Zero point of the input. */
  zeroPoint: number;
}

/** The words of a {@linkcode DequantizeBlock}. */
export function dequantizeBlock(block: DequantizeBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.count,
    floatWord(block.scale),
    block.zeroPoint,
  ];
}

/** Parameter block of lookup. */
export interface LookupBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Table of 256 u8. */
  table: number;
  /** Elements. */
  count: number;
}

/** The words of a {@linkcode LookupBlock}. */
export function lookupBlock(block: LookupBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.table,
    block.count,
  ];
}

/** Parameter block of activation_f32. */
export interface ActivateBlock {
  /** Input. */
  input: number;
  /** Output, which may be the input. */
  output: number;
  /** Elements, a multiple of the channels. */
  count: number;
  /** Channels. */
  channels: number;
  /** Activation function. */
  activation: ActivationWords;
  /** Slopes [channels] of a prelu, else 0. */
  slopes: number;
}

/** The words of a {@linkcode ActivateBlock}. */
export function activateBlock(block: ActivateBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.count,
    block.channels,
    block.activation.code,
    floatWord(block.activation.a),
    floatWord(block.activation.b),
    block.slopes,
  ];
}

/** Parameter block of binary_u8. */
export interface BinaryU8Block {
  /** First operand. */
  a: number;
  /** Second operand. */
  b: number;
  /** Result, contiguous. */
  output: number;
  /** Dimensions and strides. */
  shape: BroadcastWords;
  /** 0 add, 1 multiply. */
  operation: number;
  /** Zero point of the first operand. */
  aZeroPoint: number;
  /** Zero point of the second operand. */
  bZeroPoint: number;
  /** Factors of the operands; of a product the first: aScale, bScale. */
  scales: readonly number[];
  /** The epilogue, from the activation on. */
  epilogue: EpilogueWords;
}

/** The words of a {@linkcode BinaryU8Block}. */
export function binaryU8Block(block: BinaryU8Block): BlockWords {
  return [
    block.a,
    block.b,
    block.output,
    block.shape.dimensions,
    block.shape.a,
    block.shape.b,
    block.operation,
    block.aZeroPoint,
    block.bZeroPoint,
    floatWord(block.scales[0]),
    floatWord(block.scales[1]),
    block.epilogue.zeroPoint,
    block.epilogue.low,
    block.epilogue.high,
    block.epilogue.activation.code,
    floatWord(block.epilogue.activation.a),
    floatWord(block.epilogue.activation.b),
    floatWord(block.epilogue.scale),
  ];
}

/** Parameter block of binary_f32. */
export interface BinaryF32Block {
  /** First operand. */
  a: number;
  /** Second operand. */
  b: number;
  /** Result, contiguous. */
  output: number;
  /** Dimensions and strides. */
  shape: BroadcastWords;
  /** The operation, by the codes above. */
  operation: number;
  /** Activation function, not a prelu. */
  activation: ActivationWords;
}

/** The words of a {@linkcode BinaryF32Block}. */
export function binaryF32Block(block: BinaryF32Block): BlockWords {
  return [
    block.a,
    block.b,
    block.output,
    block.shape.dimensions,
    block.shape.a,
    block.shape.b,
    block.operation,
    block.activation.code,
    floatWord(block.activation.a),
    floatWord(block.activation.b),
  ];
}

/** Parameter block of select_f32. */
export interface SelectBlock {
  /** Condition. */
  condition: number;
  /** Taken where the condition is not 0. */
  a: number;
  /** Taken where the condition is 0. */
  b: number;
  /** Result, contiguous. */
  output: number;
  /** Dimensions of the result. */
  dimensions: readonly number[];
  /** Strides of the condition as those of a sum. */
  conditionStrides: readonly number[];
  /** Strides of the first operand alike. */
  aStrides: readonly number[];
  /** Strides of the second operand alike. */
  bStrides: readonly number[];
}

/** The words of a {@linkcode SelectBlock}. */
export function selectBlock(block: SelectBlock): BlockWords {
  return [
    block.condition,
    block.a,
    block.b,
    block.output,
    block.dimensions,
    block.conditionStrides,
    block.aStrides,
    block.bStrides,
  ];
}

/** Parameter block of reduce_f32. */
export interface ReduceBlock {
  /** Input. */
  input: number;
  /** Output [outer][inner]. */
  output: number;
  /** Dimensions of the input: elements before, in and after what is reduced: outer, length, inner. */
  dimensions: readonly number[];
  /** The reduction, by the codes above. */
  function: number;
}

/** The words of a {@linkcode ReduceBlock}. */
export function reduceBlock(block: ReduceBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.dimensions,
    block.function,
  ];
}

/** Parameter block of gather_f32. */
export interface GatherBlock {
  /** Rows [outer][length][inner]. */
  input: number;
  /** Indices of rows [count], or [outer][count] where batched. */
  indices: number;
  /** Output [outer][count][inner]. */
  output: number;
  /** Dimensions: outer, length, count, inner. */
  dimensions: readonly number[];
  /** 1 where each of the outer positions has indices of its own, else 0. */
  batched: number;
}

/** The words of a {@linkcode GatherBlock}. */
export function gatherBlock(block: GatherBlock): BlockWords {
  return [
    block.input,
    block.indices,
    block.output,
    block.dimensions,
    block.batched,
  ];
}

/** Parameter block of cumulative_sum_f32. */
export interface CumulativeSumBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Elements before, in and after the dimension that sums run along: outer, length, inner. */
  dimensions: readonly number[];
  /** 1 where an element is not in its own sum, else 0. */
  exclusive: number;
  /** 1 where sums run from the end, else 0. */
  reverse: number;
}

/** The words of a {@linkcode CumulativeSumBlock}. */
export function cumulativeSumBlock(block: CumulativeSumBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.dimensions,
    block.exclusive,
    block.reverse,
  ];
}

/** Parameter block of top_indices_f32. */
export interface TopIndicesBlock {
  /** Input [rows][length]. */
  input: number;
  /** Indices [rows][count]. */
  output: number;
  /** Dimensions: rows, length, count. */
  dimensions: readonly number[];
  /** 1 where the least numbers are sought, else 0. */
  smallest: number;
}

/** The words of a {@linkcode TopIndicesBlock}. */
export function topIndicesBlock(block: TopIndicesBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.dimensions,
    block.smallest,
  ];
}

/** Parameter block of max_pool_u8, max_pool_f32, average_pool_u8, average_pool_f32. */
export interface PoolBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Dimensions of the input: batch, inputHeight, inputWidth, channels. */
  inputShape: readonly number[];
  /** Output rows. */
  outputHeight: number;
  /** Output columns. */
  outputWidth: number;
  /** Rows and columns of the kernel: kernelHeight, kernelWidth. */
  kernel: readonly number[];
  /** Input rows and columns from one output position to the next: strideHeight, strideWidth. */
  stride: readonly number[];
  /** Input rows and columns from one tap to the next: dilationHeight, dilationWidth. */
  dilation: readonly number[];
  /** Padded rows and columns: padTop, padLeft, padBottom, padRight. */
  pads: readonly number[];
  /** 1 where an average counts padded positions, else 0. */
  countIncludePad: number;
  /** Zero point of a u8 input. */
  inputZeroPoint: number;
  /** Zero point of a u8 output. */
  outputZeroPoint: number;
  /** Scale of a u8 input over that of the output. */
  scale: number;
}

/** The words of a {@linkcode PoolBlock}. */
export function poolBlock(block: PoolBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.inputShape,
    block.outputHeight,
    block.outputWidth,
    block.kernel,
    block.stride,
    block.dilation,
    block.pads,
    block.countIncludePad,
    block.inputZeroPoint,
    block.outputZeroPoint,
    floatWord(block.scale),
  ];
}

/** Parameter block of softmax_f32. */
export interface SoftmaxBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Rows, and elements of each: rows, columns. */
  dimensions: readonly number[];
}

/** The words of a {@linkcode SoftmaxBlock}. */
export function softmaxBlock(block: SoftmaxBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.dimensions,
  ];
}

/** Parameter block of layer_normalization_f32. */
export interface LayerNormalizationBlock {
  /** Input. */
  input: number;
  /** Output, which may be the input. */
  output: number;
  /** Factors [length], or 0. */
  scale: number;
  /** Addends [length], or 0. */
  bias: number;
  /** Rows, and elements of each: rows, length. */
  dimensions: readonly number[];
  /** What is added to the variance, at least 0. */
  epsilon: number;
}

/** The words of a {@linkcode LayerNormalizationBlock}. */
export function layerNormalizationBlock(block: LayerNormalizationBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.scale,
    block.bias,
    block.dimensions,
    floatWord(block.epsilon),
  ];
}

/** Parameter block of matmul_f32. */
export interface MatmulBlock {
  /** Left matrices [m][k]. */
  a: number;
  /** Right matrices [k][n]. */
  b: number;
  /** Products [batch][m][n]. */
  output: number;
  /** Dimensions: batch, m, k, n. */
  dimensions: readonly number[];
  /** Elements from one left and one right matrix to the next; 0 where one serves the whole batch: aBatchStride, bBatchStride. */
  batchStrides: readonly number[];
}

/** The words of a {@linkcode MatmulBlock}. */
export function matmulBlock(block: MatmulBlock): BlockWords {
  return [
    block.a,
    block.b,
    block.output,
    block.dimensions,
    block.batchStrides,
  ];
}

/** Parameter block of resize_u8, resize_f32. */
export interface ResizeBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** Dimensions of the input: batch, inputHeight, inputWidth, channels. */
  inputShape: readonly number[];
  /** Output rows. */
  outputHeight: number;
  /** Output columns. */
  outputWidth: number;
  /** Sources of the output rows. */
  rowTable: number;
  /** Sources of the output columns. */
  columnTable: number;
  /** 0 nearest, 1 linear. */
  linear: number;
}

/** The words of a {@linkcode ResizeBlock}. */
export function resizeBlock(block: ResizeBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.inputShape,
    block.outputHeight,
    block.outputWidth,
    block.rowTable,
    block.columnTable,
    block.linear,
  ];
}

/** Parameter block of copy_8, copy_32. */
export interface CopyBlock {
  /** Input. */
  input: number;
  /** Output. */
  output: number;
  /** First element of the input. */
  inputOffset: number;
  /** First element of the output. */
  outputOffset: number;
  /** Elements along each axis. */
  dimensions: readonly number[];
  /** Strides of the input in elements; may be negative. */
  inputStrides: readonly number[];
  /** Strides of the output alike. */
  outputStrides: readonly number[];
}

/** The words of a {@linkcode CopyBlock}. */
export function copyBlock(block: CopyBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.inputOffset,
    block.outputOffset,
    block.dimensions,
    block.inputStrides,
    block.outputStrides,
  ];
}

/** Parameter block of fill_8, fill_32. */
export interface FillBlock {
  /** Output. */
  output: number;
  /** Elements. */
  count: number;
  /** The bits of an element. */
  value: number;
}

/** The words of a {@linkcode FillBlock}. */
export function fillBlock(block: FillBlock): BlockWords {
  return [
    block.output,
    block.count,
    block.value,
  ];
}

/** Parameter block of constant_8, constant_32. */
export interface ConstantBlock {
  /** The constant. */
  input: number;
  /** Output. */
  output: number;
  /** Elements. */
  count: number;
}

/** The words of a {@linkcode ConstantBlock}. */
export function constantBlock(block: ConstantBlock): BlockWords {
  return [
    block.input,
    block.output,
    block.count,
  ];
}
