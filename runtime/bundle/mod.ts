/**
 * What a bundle holds, for those who look into it.
 *
 * These types may change with every version of Octet that adds a version of the format.
 *
 * @module
 */

export type { Activation, ActivationKind, PlainFunction } from "../activation.ts";
export type { BinaryF32Attributes, BinaryOperation, BinaryU8Attributes, OperandAttributes } from "../kernels/binary.ts";
export type { ConstantAttributes } from "../kernels/constant.ts";
export type { ConvolutionAttributes } from "../kernels/convolution.ts";
export type { ConvolutionSumAttributes } from "../kernels/convolution_sum.ts";
export type { CopyAttributes } from "../kernels/copy.ts";
export type { DequantizeAttributes } from "../kernels/dequantize.ts";
export type { ActivationAttributes, EpilogueAttributes } from "../kernels/epilogue.ts";
export type { FillAttributes } from "../kernels/fill.ts";
export type { GatherAttributes } from "../kernels/gather.ts";
export type { LayerNormalizationAttributes } from "../kernels/layer_normalization.ts";
export type { LookupAttributes } from "../kernels/lookup.ts";
export type { MatmulAttributes } from "../kernels/matmul.ts";
export type { CumulativeSumAttributes, TopIndicesAttributes } from "../kernels/order.ts";
export type { ConvolutionGeometry } from "../kernels/packed_weights.ts";
export type { PoolAttributes } from "../kernels/pool.ts";
export type { QuantizeAttributes } from "../kernels/quantize.ts";
export type { Kernel, KernelAttributes, Step } from "../kernels/registry.ts";
export type { ReduceAttributes, Reduction } from "../kernels/reduce.ts";
export type { ResizeAttributes } from "../kernels/resize.ts";
export type { SelectAttributes } from "../kernels/select.ts";
export type { SoftmaxAttributes } from "../kernels/softmax.ts";
export type { StepOf } from "../kernels/step.ts";
export type {
  CalibrationRecord,
  DependentNumber,
  FreeSize,
  FreeSizes,
  PixelPort,
  PortSpec,
  Program,
  ProgramData,
} from "../program.ts";
export type { ConstantSpec, ConstantType, ElementType, TensorSpec, TensorType } from "../tensor.ts";
export { fixSizes } from "./free_sizes.ts";
export { type Bundle, readBundle } from "./read.ts";
