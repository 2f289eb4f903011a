/**
 * All kernels that a program's steps can name.
 *
 * @module
 */

import type { Fields } from "../fields.ts";
import { activationF32 } from "./activation.ts";
import { parseAttributes, writeAttributes } from "./attributes.ts";
import { binaryF32, type BinaryF32Attributes, binaryU8, type BinaryU8Attributes } from "./binary.ts";
import { constant, type ConstantAttributes } from "./constant.ts";
import { convolution, type ConvolutionAttributes, depthwise } from "./convolution.ts";
import { convolutionSum, type ConvolutionSumAttributes } from "./convolution_sum.ts";
import { copy, type CopyAttributes } from "./copy.ts";
import type { KernelCall, KernelDefinition, MemoryMap, StoredConstants, StridedWalk, Tables } from "./definition.ts";
import { dequantize, type DequantizeAttributes } from "./dequantize.ts";
import type { ActivationAttributes } from "./epilogue.ts";
import { fill, type FillAttributes } from "./fill.ts";
import { type GatherAttributes, gatherF32 } from "./gather.ts";
import { type LayerNormalizationAttributes, layerNormalizationF32 } from "./layer_normalization.ts";
import { lookup, type LookupAttributes } from "./lookup.ts";
import { type MatmulAttributes, matmulF32 } from "./matmul.ts";
import { type CumulativeSumAttributes, cumulativeSumF32, type TopIndicesAttributes, topIndicesF32 } from "./order.ts";
import { pool, type PoolAttributes } from "./pool.ts";
import { quantize, type QuantizeAttributes } from "./quantize.ts";
import { type ReduceAttributes, reduceF32 } from "./reduce.ts";
import { resize, type ResizeAttributes } from "./resize.ts";
import { type SelectAttributes, selectF32 } from "./select.ts";
import { type SoftmaxAttributes, softmaxF32 } from "./softmax.ts";
import { stepError, type StepOf } from "./step.ts";

/** The attributes of each kernel's steps. */
export interface KernelAttributes {
  /** Of "quantize". */
  quantize: QuantizeAttributes;
  /** Of "dequantize". */
  dequantize: DequantizeAttributes;
  /** Of "lookup". */
  lookup: LookupAttributes;
  /** Of "convolution_u8". */
  convolution_u8: ConvolutionAttributes;
  /** Of "convolution_f32". */
  convolution_f32: ConvolutionAttributes;
  /** Of "convolution_sum_u8". */
  convolution_sum_u8: ConvolutionSumAttributes;
  /** Of "depthwise_u8". */
  depthwise_u8: ConvolutionAttributes;
  /** Of "depthwise_f32". */
  depthwise_f32: ConvolutionAttributes;
  /** Of "activation_f32". */
  activation_f32: ActivationAttributes;
  /** Of "binary_u8". */
  binary_u8: BinaryU8Attributes;
  /** Of "binary_f32". */
  binary_f32: BinaryF32Attributes;
  /** Of "select_f32". */
  select_f32: SelectAttributes;
  /** Of "reduce_f32". */
  reduce_f32: ReduceAttributes;
  /** Of "gather_f32". */
  gather_f32: GatherAttributes;
  /** Of "cumulative_sum_f32". */
  cumulative_sum_f32: CumulativeSumAttributes;
  /** Of "top_indices_f32". */
  top_indices_f32: TopIndicesAttributes;
  /** Of "max_pool_u8". */
  max_pool_u8: PoolAttributes;
  /** Of "max_pool_f32". */
  max_pool_f32: PoolAttributes;
  /** Of "average_pool_u8". */
  average_pool_u8: PoolAttributes;
  /** Of "average_pool_f32". */
  average_pool_f32: PoolAttributes;
  /** Of "softmax_f32". */
  softmax_f32: SoftmaxAttributes;
  /** Of "layer_normalization_f32". */
  layer_normalization_f32: LayerNormalizationAttributes;
  /** Of "matmul_f32". */
  matmul_f32: MatmulAttributes;
  /** Of "resize_u8". */
  resize_u8: ResizeAttributes;
  /** Of "resize_f32". */
  resize_f32: ResizeAttributes;
  /** Of "copy". */
  copy: CopyAttributes;
  /** Of "fill". */
  fill: FillAttributes;
  /** Of "constant". */
  constant: ConstantAttributes;
}

/** The name of a kernel. */
export type Kernel = keyof KernelAttributes;

/** A step of any kernel, or of those that are named. */
export type Step<Name extends Kernel = Kernel> = { [K in Name]: StepOf<K, KernelAttributes[K]> }[Name];

/** What is known of each kernel: one that lacks a part does not compile. */
export type KernelTable = { readonly [K in Kernel]: KernelDefinition<KernelAttributes[K]> };

/** All kernels. */
export const KERNELS: KernelTable = {
  quantize,
  dequantize,
  lookup,
  convolution_u8: convolution.u8,
  convolution_f32: convolution.f32,
  convolution_sum_u8: convolutionSum,
  depthwise_u8: depthwise.u8,
  depthwise_f32: depthwise.f32,
  activation_f32: activationF32,
  binary_u8: binaryU8,
  binary_f32: binaryF32,
  select_f32: selectF32,
  reduce_f32: reduceF32,
  gather_f32: gatherF32,
  cumulative_sum_f32: cumulativeSumF32,
  top_indices_f32: topIndicesF32,
  max_pool_u8: pool.max.u8,
  max_pool_f32: pool.max.f32,
  average_pool_u8: pool.average.u8,
  average_pool_f32: pool.average.f32,
  softmax_f32: softmaxF32,
  layer_normalization_f32: layerNormalizationF32,
  matmul_f32: matmulF32,
  resize_u8: resize.u8,
  resize_f32: resize.f32,
  copy,
  fill,
  constant,
};

/**
 * Reads a step.
 *
 * @param step Its fields; attributes as they stand in the file.
 * @throws {BundleError} Where there is no such kernel, or an attribute is missing or out of its range.
 */
export function parseStep(step: StepOf<string, Fields>): Step {
  const { kernel } = step;
  if (!isKernel(kernel)) throw stepError(step, "no such kernel");
  return parseStepOf(kernel, step);
}

function parseStepOf<K extends Kernel>(kernel: K, step: StepOf<string, Fields>): Step<K> {
  const attributes = parseAttributes<KernelAttributes[K]>(KERNELS[kernel].attributes, step.attributes, step);
  return { ...step, kernel, attributes };
}

function isKernel(name: string): name is Kernel {
  return Object.hasOwn(KERNELS, name);
}

/** A step as a file holds it: without lists that are empty and attributes that need not be said. */
export function writeStep<K extends Kernel>({ kernel, name, inputs, output, constants, attributes }: Step<K>): Fields {
  const written = writeAttributes<KernelAttributes[K]>(KERNELS[kernel].attributes, attributes);
  return {
    kernel,
    name,
    inputs,
    output,
    ...(constants.length > 0 && { constants }),
    ...(Object.keys(written).length > 0 && { attributes: written }),
  };
}

/** Checks that a step does not make its kernel leave its tensors or constants, as its {@linkcode KernelDefinition} says. */
export function checkStep<K extends Kernel>(step: Step<K>, tables: Tables): void {
  KERNELS[step.kernel].check(step, tables);
}

/** Checks the content of a step's constants, where their kernel asks for it. */
export function checkStepData<K extends Kernel>(step: Step<K>, constants: StoredConstants): void {
  KERNELS[step.kernel].checkData?.(step, constants);
}

/** The tensor that a step writes beside its output. */
export function intermediateOf<K extends Kernel>(step: Step<K>): number | undefined {
  return KERNELS[step.kernel].intermediate?.(step);
}

/** The elements of its output that a step writes, where they need not be all. */
export function writtenPart<K extends Kernel>(step: Step<K>): StridedWalk | undefined {
  return KERNELS[step.kernel].writtenPart?.(step);
}

/** Makes the call of a checked step. */
export function bindStep<K extends Kernel>(step: Step<K>, tables: Tables, memory: MemoryMap): KernelCall {
  return KERNELS[step.kernel].bind(step, tables, memory);
}
