/**
 * Normalisations other than LayerNormalization, written out in terms of it and
 * of reductions.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { floatAttribute, intAttribute, intsAttribute } from "../attributes.ts";
import { emit, emitActivation, emitBinary, emitConcat, emitPad, emitRange, emitReduce, emitReshape } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { constantValue, hasInput, type Lowering, normaliseAxis, numberValue, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** Lowers InstanceNormalization: each channel of each sample is normalised. */
export function lowerInstanceNormalization(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const channels = channelsOf(input, node);
  const axes = range(2, input.shape.length);
  const normalized = standardise(lowering, input, axes, floatAttribute(node, "epsilon", Math.fround(1e-5)));
  return scaleAndShift(lowering, node, normalized, [channels, ...axes.map(() => 1)]);
}

/** Lowers GroupNormalization, whose parameters are per group before operator set 21 and per channel from there on. */
export function lowerGroupNormalization(lowering: Lowering, node: OnnxNode): Value {
  if (intAttribute(node, "stash_type", 1) !== 1) throw new UnsupportedReason("it does not compute in float32");
  const input = operand(lowering, node, 0);
  const channels = channelsOf(input, node);
  const groups = intAttribute(node, "num_groups", 0);
  if (groups < 1 || channels % groups !== 0) {
    throw new OnnxError(`GroupNormalization cannot divide ${channels} channels into ${groups} groups`, node.name);
  }
  const [batch] = input.shape;
  const grouped = emitReshape(lowering, input, [batch, groups, elementCount(input.shape) / (batch * groups)]);
  const normalized = standardise(lowering, grouped, [2], floatAttribute(node, "epsilon", Math.fround(1e-5)));
  if (lowering.opset < 21) {
    return emitReshape(lowering, scaleAndShift(lowering, node, normalized, [groups, 1]), input.shape);
  }
  const shape = [channels, ...input.shape.slice(2).map(() => 1)];
  return scaleAndShift(lowering, node, emitReshape(lowering, normalized, input.shape), shape);
}

/** Lowers RMSNormalization over the dimensions from `axis` on. */
export function lowerRmsNormalization(lowering: Lowering, node: OnnxNode): Value {
  if (intAttribute(node, "stash_type", 1) !== 1) throw new UnsupportedReason("it does not compute in float32");
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  const axes = range(normaliseAxis(intAttribute(node, "axis", -1), rank, node), rank);
  const squares = emitReduce(lowering, input, axes, "meanSquares");
  const epsilon = floatAttribute(node, "epsilon", Math.fround(1e-5));
  const normalized = emitBinary(lowering, "divide", [input, deviationOf(lowering, squares, epsilon)]);
  return emitBinary(lowering, "multiply", [normalized, operand(lowering, node, 1)]);
}

/** Lowers MeanVarianceNormalization. */
export function lowerMeanVarianceNormalization(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  const axes = (intsAttribute(node, "axes") ?? [0, 2, 3]).map((axis) => normaliseAxis(axis, rank, node));
  // ONNX adds 1e-9 to the deviation, which shows where all numbers are equal alone.
  return standardise(lowering, input, axes.sort((a, b) => a - b), Math.fround(1e-18));
}

/** Lowers LpNormalization; where all numbers are 0 they stay 0. */
export function lowerLpNormalization(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const axis = normaliseAxis(intAttribute(node, "axis", -1), input.shape.length, node);
  const p = intAttribute(node, "p", 2);
  if (p !== 1 && p !== 2) throw new OnnxError(`LpNormalization has p ${p}: expected 1 or 2`, node.name);
  const norm = emitReduce(lowering, input, [axis], p === 1 ? "l1" : "l2");
  const isZero = emitActivation(lowering, norm, { kind: "isZero" });
  return emitBinary(lowering, "divide", [input, emitBinary(lowering, "add", [norm, isZero])]);
}

/** Lowers LRN: each number is divided by a power of the squares of its neighbours among the channels. */
export function lowerLrn(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const channels = channelsOf(input, node);
  const size = intAttribute(node, "size", 0);
  if (size < 1) throw new OnnxError(`LRN has a size of ${size}`, node.name);
  const before = input.shape.map((_, axis) => axis === 1 ? Math.floor((size - 1) / 2) : 0);
  const after = input.shape.map((_, axis) => axis === 1 ? Math.ceil((size - 1) / 2) : 0);
  const padded = emitPad(lowering, input, { before, after, value: 0 });
  const [batch, , ...spatial] = input.shape;
  // Neighbours stand along an axis of their own, so that squares and sum are one reduction.
  const shape = [batch, 1, channels, elementCount(spatial)];
  const neighbours = Array.from(
    { length: size },
    (_, start) => emitReshape(lowering, emitRange(lowering, padded, { axis: 1, start, length: channels }), shape),
  );
  const squares = emitReduce(lowering, emitConcat(lowering, neighbours, 1), [1], "sumSquares");
  const alpha = numberValue(lowering, Math.fround(floatAttribute(node, "alpha", Math.fround(1e-4)) / size));
  const scaled = emitBinary(lowering, "multiply", [squares, alpha]);
  const shifted = emitBinary(lowering, "add", [scaled, numberValue(lowering, floatAttribute(node, "bias", 1))]);
  const beta = floatAttribute(node, "beta", 0.75);
  const divisor = emitActivation(lowering, shifted, { kind: "power", exponent: beta });
  return emitBinary(lowering, "divide", [input, emitReshape(lowering, divisor, input.shape)]);
}

/** Values brought to a mean of 0 and a variance of 1 over some axes, ascending. */
export function standardise(lowering: Lowering, input: Value, axes: number[], epsilon: number): Value {
  const length = elementCount(axes.map((axis) => input.shape[axis]));
  const scale = new Float32Array(length).fill(1);
  return emit(lowering, [input], { op: "layerNormalization", axes, epsilon, scale });
}

/** The square root of a variance and a number. */
export function deviationOf(lowering: Lowering, variance: Value, epsilon: number): Value {
  const sum = emitBinary(lowering, "add", [variance, numberValue(lowering, epsilon)]);
  return emitActivation(lowering, sum, { kind: "sqrt" });
}

/** The second input as factors and the third as addends, where it is given, both of a shape that broadcasts. */
function scaleAndShift(lowering: Lowering, node: OnnxNode, value: Value, shape: number[]): Value {
  const scaled = emitBinary(lowering, "multiply", [value, parameter(lowering, node, { index: 1, shape })]);
  return hasInput(node, 2)
    ? emitBinary(lowering, "add", [scaled, parameter(lowering, node, { index: 2, shape })])
    : scaled;
}

/** An input of one number per channel or group under a shape that broadcasts. */
function parameter(
  lowering: Lowering,
  node: OnnxNode,
  { index, shape }: { index: number; shape: number[] },
): Value {
  const value = operand(lowering, node, index);
  if (elementCount(value.shape) !== elementCount(shape)) {
    throw new OnnxError(`${node.operator} has parameters of shape [${value.shape}]: expected [${shape[0]}]`, node.name);
  }
  if (!value.data) return emitReshape(lowering, value, shape);
  return constantValue(lowering, { type: "float32", shape, data: value.data });
}

function range(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

function channelsOf({ shape }: Value, node: OnnxNode): number {
  if (shape.length < 3) {
    throw new OnnxError(`${node.operator} has an input of shape [${shape}]: expected at least 3 dimensions`, node.name);
  }
  return shape[1];
}
