/**
 * Adds nodes to the graph under construction, with the shapes of their outputs.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { BinaryNode, ConvolutionNode, NodeBase, PoolNode, Value } from "../graph/graph.ts";
import { OnnxError } from "./errors.ts";
import { define, type Lowering } from "./lowering.ts";
import { elementCount } from "./tensor.ts";

function base(lowering: Lowering, inputs: Value[], output: Value): NodeBase {
  return {
    name: lowering.current.name,
    inputs: inputs.map((input) => input.name),
    output: output.name,
  };
}

/** The same elements under another shape; the value itself where the shape is its own. */
export function emitReshape(lowering: Lowering, input: Value, shape: number[]): Value {
  if (sameShape(input.shape, shape)) return input;
  if (elementCount(input.shape) !== elementCount(shape)) {
    throw new OnnxError(
      `${lowering.current.operator} cannot give [${input.shape}] the shape [${shape}]`,
      lowering.current.name,
    );
  }
  const output = define(lowering, shape);
  lowering.nodes.push({ op: "reshape", ...base(lowering, [input], output) });
  return output;
}

/** Permuted dimensions; the value itself where nothing moves. */
export function emitTranspose(lowering: Lowering, input: Value, permutation: number[]): Value {
  if (permutation.every((axis, i) => axis === i)) return input;
  const output = define(lowering, permutation.map((axis) => input.shape[axis]));
  lowering.nodes.push({ op: "transpose", ...base(lowering, [input], output), permutation });
  return output;
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
  const output = define(lowering, shape);
  lowering.nodes.push({ op: "slice", ...base(lowering, [input], output), starts, steps });
  return output;
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
  const output = define(lowering, cut.shape.map((length, i) => before[i] + length + after[i]));
  const { value } = padding;
  lowering.nodes.push({ op: "pad", ...base(lowering, [cut], output), before, after, value });
  return output;
}

/** An element-wise function of two values, broadcast. */
export function emitBinary(
  lowering: Lowering,
  operation: BinaryNode["operation"],
  inputs: [Value, Value],
): Value {
  const shape = broadcastShapes(lowering, inputs[0].shape, inputs[1].shape);
  const output = define(lowering, shape);
  lowering.nodes.push({
    op: "binary",
    ...base(lowering, inputs, output),
    operation,
    activation: { kind: "identity" },
  });
  return output;
}

/** The shape that two shapes broadcast to. */
export function broadcastShapes(lowering: Lowering, a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new OnnxError(
        `${lowering.current.operator} cannot broadcast [${a}] with [${b}]`,
        lowering.current.name,
      );
    }
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** An activation function; the value itself for "identity". */
export function emitActivation(
  lowering: Lowering,
  input: Value,
  activation: Activation,
  slopes?: Float32Array,
): Value {
  if (activation.kind === "identity") return input;
  const output = define(lowering, [...input.shape]);
  lowering.nodes.push({
    op: "activation",
    ...base(lowering, [input], output),
    activation,
    ...(slopes && { slopes }),
  });
  return output;
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
  const [batch, , height, width] = input.shape;
  const { weightShape: [outputs, , kernelHeight, kernelWidth], stride, dilation, pads } = fields;
  const output = define(lowering, [
    batch,
    outputs,
    positions(height + pads[0] + pads[2], kernelHeight, { stride: stride[0], dilation: dilation[0] }),
    positions(width + pads[1] + pads[3], kernelWidth, { stride: stride[1], dilation: dilation[1] }),
  ]);
  lowering.nodes.push({
    op: "convolution",
    ...base(lowering, [input], output),
    ...fields,
    activation: { kind: "identity" },
  });
  return output;
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

/** How often a window fits into a padded length. */
export function positions(
  length: number,
  kernel: number,
  options: { stride: number; dilation: number },
): number {
  return Math.floor((length - options.dilation * (kernel - 1) - 1) / options.stride) + 1;
}

/** y = x W^T + b over the last dimension. */
export function emitFullyConnected(
  lowering: Lowering,
  input: Value,
  fields: { weights: Float32Array; weightShape: [number, number]; bias: Float32Array },
): Value {
  const output = define(lowering, [...input.shape.slice(0, -1), fields.weightShape[0]]);
  lowering.nodes.push({
    op: "fullyConnected",
    ...base(lowering, [input], output),
    ...fields,
    activation: { kind: "identity" },
  });
  return output;
}

/** A matrix product of two values. */
export function emitMatMul(lowering: Lowering, a: Value, b: Value): Value {
  const batch = broadcastShapes(lowering, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const output = define(lowering, [...batch, a.shape.at(-2)!, b.shape.at(-1)!]);
  lowering.nodes.push({ op: "matMul", ...base(lowering, [a, b], output) });
  return output;
}

/** Pooling of a value [batch, channels, height, width] to a given height and width. */
export function emitPool(
  lowering: Lowering,
  input: Value,
  fields: Omit<PoolNode, "op" | keyof NodeBase> & { size: [number, number] },
): Value {
  const { size, ...rest } = fields;
  const output = define(lowering, [input.shape[0], input.shape[1], ...size]);
  lowering.nodes.push({ op: "pool", ...base(lowering, [input], output), ...rest });
  return output;
}

/** The mean over some dimensions, which stay with length 1. */
export function emitReduceMean(lowering: Lowering, input: Value, axes: number[]): Value {
  const output = define(lowering, input.shape.map((length, i) => (axes.includes(i) ? 1 : length)));
  const ascending = axes.toSorted((a, b) => a - b);
  lowering.nodes.push({ op: "reduceMean", ...base(lowering, [input], output), axes: ascending });
  return output;
}

/** Softmax over one dimension. */
export function emitSoftmax(lowering: Lowering, input: Value, axis: number): Value {
  const output = define(lowering, [...input.shape]);
  lowering.nodes.push({ op: "softmax", ...base(lowering, [input], output), axis });
  return output;
}

/** Values joined along one dimension; the value itself where it is only one. */
export function emitConcat(lowering: Lowering, inputs: Value[], axis: number): Value {
  if (inputs.length === 1) return inputs[0];
  const shape = [...inputs[0].shape];
  for (const { shape: other } of inputs.slice(1)) {
    const fits = other.length === shape.length &&
      other.every((length, i) => i === axis || length === shape[i]);
    if (!fits) {
      throw new OnnxError(
        `Concat cannot join [${inputs[0].shape}] and [${other}] along axis ${axis}`,
        lowering.current.name,
      );
    }
    shape[axis] += other[axis];
  }
  const output = define(lowering, shape);
  lowering.nodes.push({ op: "concat", ...base(lowering, inputs, output), axis });
  return output;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}
