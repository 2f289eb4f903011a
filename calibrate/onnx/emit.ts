/**
 * Adds nodes to the graph under construction, with the shapes of their outputs.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";
import type { BinaryNode, ConvolutionNode, PoolNode, ResizeNode, Value } from "../graph/graph.ts";
import { broadcastShapes as broadcast, sameShape } from "../graph/shape.ts";
import type { NodeFields } from "../operators/operator.ts";
import { operatorOf } from "../operators/operators.ts";
import { OnnxError } from "./errors.ts";
import { define, type Lowering } from "./lowering.ts";
import { resultType } from "./result_type.ts";

/**
 * Adds a node and the value that it makes.
 *
 * @param wanted The shape asked for, where the node's fields leave a choice.
 * @throws {OnnxError} Where the node can make nothing of its inputs.
 */
export function emit(lowering: Lowering, inputs: Value[], fields: NodeFields, wanted?: number[]): Value {
  const { name, operator } = lowering.current;
  const shapes = inputs.map((input) => input.shape);
  const shape = operatorOf(fields).shape(fields, shapes, { order: "channelsFirst", ...(wanted && { wanted }) });
  if (typeof shape === "string") throw new OnnxError(`${operator} ${shape}`, name);
  const output = define(lowering, shape);
  output.type = resultType(fields, inputs);
  lowering.nodes.push({ ...fields, name, inputs: inputs.map((input) => input.name), output: output.name });
  return output;
}

/** The same elements under another shape; the value itself where the shape is its own. */
export function emitReshape(lowering: Lowering, input: Value, shape: number[]): Value {
  if (sameShape(input.shape, shape)) return input;
  return emit(lowering, [input], { op: "reshape" }, shape);
}

/** The same value under another name. */
export function emitCopy(lowering: Lowering, input: Value): Value {
  return emit(lowering, [input], { op: "reshape" }, [...input.shape]);
}

/** Permuted dimensions; the value itself where nothing moves. */
export function emitTranspose(lowering: Lowering, input: Value, permutation: number[]): Value {
  if (permutation.every((axis, i) => axis === i)) return input;
  return emit(lowering, [input], { op: "transpose", permutation });
}

/** Where and how densely a slice reads, per dimension. */
export interface SliceRange {
  starts: number[];
  steps: number[];
  shape: number[];
}

/** Part of a value; the value itself where that is all of it. */
export function emitSlice(lowering: Lowering, input: Value, range: SliceRange): Value {
  const { starts, steps, shape } = range;
  if (sameShape(shape, input.shape) && steps.every((step, i) => step === 1 || shape[i] === 1)) {
    return input;
  }
  return emit(lowering, [input], { op: "slice", starts, steps }, shape);
}

/** A range of one dimension. */
export function emitRange(
  lowering: Lowering,
  input: Value,
  range: { axis: number; start: number; length: number },
): Value {
  const starts = input.shape.map((_, i) => (i === range.axis ? range.start : 0));
  const shape = input.shape.map((length, i) => (i === range.axis ? range.length : length));
  return emitSlice(lowering, input, { starts, steps: input.shape.map(() => 1), shape });
}

/** Padding per dimension; negative amounts cut. */
export function emitPad(
  lowering: Lowering,
  input: Value,
  padding: { before: number[]; after: number[]; value: number },
): Value {
  const cutBefore = padding.before.map((amount) => Math.max(0, -amount));
  const cut = emitSlice(lowering, input, {
    starts: cutBefore,
    steps: input.shape.map(() => 1),
    shape: input.shape.map((length, i) => length - cutBefore[i] - Math.max(0, -padding.after[i])),
  });
  const before = padding.before.map((amount) => Math.max(0, amount));
  const after = padding.after.map((amount) => Math.max(0, amount));
  if (before.every((amount) => amount === 0) && after.every((amount) => amount === 0)) return cut;
  return emit(lowering, [cut], { op: "pad", before, after, value: padding.value });
}

/** An element-wise function of two values, broadcast. */
export function emitBinary(
  lowering: Lowering,
  operation: BinaryNode["operation"],
  inputs: [Value, Value],
): Value {
  return emit(lowering, inputs, { op: "binary", operation, activation: { kind: "identity" } });
}

/** The shape that two shapes broadcast to. */
export function broadcastShapes(lowering: Lowering, a: number[], b: number[]): number[] {
  const shape = broadcast(a, b);
  if (shape) return shape;
  const { name, operator } = lowering.current;
  throw new OnnxError(`${operator} cannot broadcast [${a}] with [${b}]`, name);
}

/**
 * An activation function; the value itself for "identity".
 *
 * @param slopes Slopes of a "prelu" activation, and the dimension along which they run.
 */
export function emitActivation(
  lowering: Lowering,
  input: Value,
  activation: Activation,
  slopes?: { data: Float32Array; axis: number },
): Value {
  if (activation.kind === "identity") return input;
  return emit(lowering, [input], {
    op: "activation",
    activation,
    ...(slopes && { slopes: slopes.data, axis: slopes.axis }),
  });
}

/** What a convolution is, apart from its input and output. */
export type ConvolutionFields = Pick<
  ConvolutionNode,
  "weights" | "weightShape" | "bias" | "stride" | "dilation" | "pads" | "groups"
>;

/** A convolution of a value [batch, channels, height, width]. */
export function emitConvolution(
  lowering: Lowering,
  input: Value,
  fields: ConvolutionFields,
): Value {
  return emit(lowering, [input], { op: "convolution", ...fields, activation: { kind: "identity" } });
}

/** A factor and a summand per channel: a depthwise 1x1 convolution. */
export function emitChannelScale(
  lowering: Lowering,
  input: Value,
  affine: { scale: Float32Array; shift: Float32Array },
): Value {
  const channels = input.shape[1];
  return emitConvolution(lowering, input, {
    weights: affine.scale,
    weightShape: [channels, 1, 1, 1],
    bias: affine.shift,
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0, 0, 0],
    groups: channels,
  });
}

/** y = x W^T + b over the last dimension. */
export function emitFullyConnected(
  lowering: Lowering,
  input: Value,
  fields: { weights: Float32Array; weightShape: [number, number]; bias: Float32Array },
): Value {
  return emit(lowering, [input], { op: "fullyConnected", ...fields, activation: { kind: "identity" } });
}

/** A matrix product of two values. */
export function emitMatMul(lowering: Lowering, a: Value, b: Value): Value {
  return emit(lowering, [a, b], { op: "matMul" });
}

/** Pooling of a value [batch, channels, height, width] to a given height and width. */
export function emitPool(
  lowering: Lowering,
  input: Value,
  fields: Omit<NodeFields<PoolNode>, "op"> & { size: [number, number] },
): Value {
  const { size, ...rest } = fields;
  return emit(lowering, [input], { op: "pool", ...rest }, [input.shape[0], input.shape[1], ...size]);
}

/** An image with zeros between its pixels; the value itself where there is no room between them. */
export function emitDilate(lowering: Lowering, image: Value, step: [number, number]): Value {
  if (step[0] === 1 && step[1] === 1) return image;
  return emit(lowering, [image], { op: "dilate", step });
}

/** Resampling of a value [batch, channels, height, width]. */
export function emitResampling(lowering: Lowering, image: Value, fields: Omit<NodeFields<ResizeNode>, "op">): Value {
  return emit(lowering, [image], { op: "resize", ...fields });
}

/** The mean over some dimensions, which stay with length 1. */
export function emitReduceMean(lowering: Lowering, input: Value, axes: number[]): Value {
  return emit(lowering, [input], { op: "reduceMean", axes: axes.toSorted((a, b) => a - b) });
}

/** A reduction over some dimensions, which stay with length 1. */
export function emitReduce(lowering: Lowering, input: Value, axes: number[], reduction: Reduction): Value {
  return emit(lowering, [input], { op: "reduce", axes: axes.toSorted((a, b) => a - b), function: reduction });
}

/** Softmax over one dimension. */
export function emitSoftmax(lowering: Lowering, input: Value, axis: number): Value {
  return emit(lowering, [input], { op: "softmax", axis });
}

/** Values joined along one dimension; the value itself where it is only one. */
export function emitConcat(lowering: Lowering, inputs: Value[], axis: number): Value {
  if (inputs.length === 1) return inputs[0];
  return emit(lowering, inputs, { op: "concat", axis });
}
