/**
 * The runtime: loads bundles and runs them.
 *
 * @module
 */

export type { Bundle } from "./bundle/read.ts";
export { readBundle } from "./bundle/read.ts";
export * from "./errors.ts";
export type { ExecutorOptions } from "./executor.ts";
export type { BinaryF32Attributes, BinaryU8Attributes, OperandAttributes } from "./kernels/binary.ts";
export type { ConstantAttributes } from "./kernels/constant.ts";
export type { ConvolutionAttributes } from "./kernels/convolution.ts";
export type { ConvolutionSumAttributes } from "./kernels/convolution_sum.ts";
export type { CopyAttributes } from "./kernels/copy.ts";
export type { DequantizeAttributes } from "./kernels/dequantize.ts";
export type { ActivationAttributes, EpilogueAttributes } from "./kernels/epilogue.ts";
export type { FillAttributes } from "./kernels/fill.ts";
export type { Activation, ActivationKind } from "./activation.ts";
export type { KernelBuild } from "./kernels/build.ts";
export type { KernelInstance } from "./kernels/instance.ts";
export type { LookupAttributes } from "./kernels/lookup.ts";
export type { MatmulAttributes } from "./kernels/matmul.ts";
export { loadKernels } from "./kernels/modules.ts";
export type { ConvolutionGeometry } from "./kernels/packed_weights.ts";
export type { PoolAttributes } from "./kernels/pool.ts";
export type { QuantizeAttributes } from "./kernels/quantize.ts";
export type { Kernel, KernelAttributes, Step } from "./kernels/registry.ts";
export type { ResizeAttributes } from "./kernels/resize.ts";
export type { SoftmaxAttributes } from "./kernels/softmax.ts";
export type { StepOf } from "./kernels/step.ts";
export { Model, type ModelPort, type Prediction, type Tensor } from "./model.ts";
export type { Preprocessing } from "./preprocessing.ts";
export type { CalibrationRecord, OutputKind, PixelPort, PortSpec, Program, ProgramData } from "./program.ts";
export type { Pixels } from "./resize_image.ts";
export type { BundleSource } from "./source.ts";
export type { ConstantSpec, ConstantType, ElementType, TensorSpec, TensorType } from "./tensor.ts";
