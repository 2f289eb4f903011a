/**
 * The state of an import: the graph that grows while ONNX nodes are lowered
 * one after another, and access to their inputs.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { FoldedNormalization, Node, Value } from "../graph/graph.ts";
import { OnnxError, quote, UnsupportedReason } from "./errors.ts";
import type { OnnxNode } from "./model.ts";
import { valueType } from "./result_type.ts";
import { allocate, isFloatType, MAXIMUM_ELEMENTS, MAXIMUM_RANK, type Tensor, type TensorType } from "./tensor.ts";

/** The state of an import. */
export interface Lowering {
  /** Version of the standard operator set. */
  opset: number;
  /** The graph's nodes so far. */
  nodes: Node[];
  /** The graph's values so far, by their own names. */
  values: Map<string, Value>;
  /** Known constants, by ONNX name. */
  constants: Map<string, Tensor>;
  /** Names in the graph of the ONNX values that are not constant, by ONNX name. */
  names: Map<string, string>;
  /** What BatchNormalizations said, by the value made by the convolution that stands for each. */
  normalizations: Map<string, FoldedNormalization>;
  /** The node being lowered. */
  current: OnnxNode;
  /** Number of values made for the current node. */
  made: number;
  /** Number of samples that stand for a free batch. */
  samples: number;
  /** Operators that read a name; "" stands for an output of the graph. */
  readers: ReadonlyMap<string, ReadonlySet<string>>;
  /** ONNX name of each constant that was made a value, by the value's name. */
  origins: Map<string, string>;
  /** Elements that constants may have together that are computed. */
  room: number;
  /** Elements that such constants have already. */
  computed: number;
}

/** Turns an ONNX node into nodes of the graph and returns the values of its outputs. */
export type Lower = (lowering: Lowering, node: OnnxNode) => Value | Value[];

/** Refuses a shape that no value of the current node may have. */
export function requireShape({ current: node, samples }: Lowering, shape: readonly number[]): void {
  if (shape.length > MAXIMUM_RANK) {
    throw new UnsupportedReason(`its output has ${shape.length} dimensions`);
  }
  for (const dimension of shape) {
    if (dimension === 0) throw new UnsupportedReason(`its output of shape [${shape}] is empty`);
    if (!(Number.isInteger(dimension) && dimension > 0)) {
      throw new OnnxError(`${node.operator} would make an output of shape [${shape}]`, node.name);
    }
  }
  if (elementCount(shape) > MAXIMUM_ELEMENTS * samples) {
    throw new UnsupportedReason(`its output has the shape [${shape}]: expected at most ${MAXIMUM_ELEMENTS} elements`);
  }
}

/**
 * Counts a constant that is computed against what all of them may take.
 *
 * @throws {UnsupportedReason} Where they would take too much.
 */
export function requireRoom(lowering: Lowering, shape: readonly number[]): void {
  const count = elementCount(shape);
  const valid = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!valid || lowering.computed + count > lowering.room) {
    throw new UnsupportedReason(
      `it would make a constant of shape [${shape}]: expected at most ${lowering.room} elements of all ` +
        "constants together that are computed",
    );
  }
  lowering.computed += count;
}

/** An array for a constant that is computed; throws as {@linkcode requireRoom} does. */
export function reserve(lowering: Lowering, type: TensorType, shape: readonly number[]): Float32Array | Float64Array {
  requireRoom(lowering, shape);
  return allocate(type, elementCount(shape));
}

/** Makes a value for the current node. */
export function define(lowering: Lowering, shape: number[]): Value {
  requireShape(lowering, shape);
  const node = lowering.current;
  const base = node.outputs.find((output) => output !== "") ?? node.name;
  let name: string;
  do name = `${base}/${lowering.made++}`; while (
    lowering.values.has(name) || lowering.names.has(name)
  );
  const value: Value = { name, type: "float32", shape };
  lowering.values.set(name, value);
  return value;
}

/** Whether an optional input is given. */
export function hasInput(node: OnnxNode, index: number): boolean {
  return (node.inputs[index] ?? "") !== "";
}

function inputName(node: OnnxNode, index: number): string {
  if (!hasInput(node, index)) {
    throw new OnnxError(`${node.operator} lacks its input number ${index + 1}`, node.name);
  }
  return node.inputs[index];
}

/** Whether an input is given and constant. */
export function isConstant(lowering: Lowering, node: OnnxNode, index: number): boolean {
  return hasInput(node, index) && lowering.constants.has(node.inputs[index]);
}

/** The value of a required input; a constant becomes a value with data, finite numbers or integers. */
export function operand(lowering: Lowering, node: OnnxNode, index: number): Value {
  return readOperand(lowering, node, index, finiteOperand);
}

/** As {@linkcode operand}; a constant may hold infinities and NaN. */
export function anyOperand(lowering: Lowering, node: OnnxNode, index: number): Value {
  return readOperand(lowering, node, index, constantOperand);
}

/** As {@linkcode operand}; a constant may hold -Infinity. */
export function maskOperand(lowering: Lowering, node: OnnxNode, index: number): Value {
  return readOperand(lowering, node, index, (...args) => {
    const tensor = floatParameter(...args);
    return tensor.data.every((value) => value === -Infinity || Number.isFinite(Math.fround(value)))
      ? tensor
      : parameter(...args);
  });
}

function readOperand(lowering: Lowering, node: OnnxNode, index: number, read: typeof parameter): Value {
  const name = inputName(node, index);
  const known = lowering.names.get(name);
  if (known !== undefined) return lowering.values.get(known)!;
  if (!lowering.constants.has(name)) throw new OnnxError(`Input ${quote(name)} is made by no node`, node.name);
  const value = constantValue(lowering, read(lowering, node, index));
  lowering.origins.set(value.name, name);
  return value;
}

/** A value with data. */
export function constantValue(lowering: Lowering, tensor: Tensor): Value {
  if (tensor.data.length === 0) throw new UnsupportedReason(`its constant of shape [${tensor.shape}] is empty`);
  const value = define(lowering, tensor.shape);
  value.data = asFloat32(tensor);
  value.type = valueType(tensor.type);
  return value;
}

/** A value of one number, which broadcasts to any shape. */
export function numberValue(lowering: Lowering, number: number): Value {
  return constantValue(lowering, { type: "float32", shape: [], data: Float32Array.of(number) });
}

function finiteOperand(lowering: Lowering, node: OnnxNode, index: number): Tensor {
  const tensor = optionalConstant(lowering, node, index)!;
  return isFloatType(tensor.type) ? parameter(lowering, node, index) : constantOperand(lowering, node, index);
}

/** A constant whose integers are numbers of float32. */
function constantOperand(lowering: Lowering, node: OnnxNode, index: number): Tensor {
  const tensor = optionalConstant(lowering, node, index)!;
  const large = isFloatType(tensor.type) ? undefined : tensor.data.find((value) => Math.fround(value) !== value);
  if (large !== undefined) {
    throw new UnsupportedReason(`its constant ${quote(node.inputs[index])} holds the integer ${large}, beyond float32`);
  }
  return tensor;
}

/** An optional constant input; what is neither absent nor constant is not supported. */
export function optionalConstant(
  lowering: Lowering,
  node: OnnxNode,
  index: number,
): Tensor | undefined {
  if (!hasInput(node, index)) return undefined;
  const tensor = lowering.constants.get(node.inputs[index]);
  if (tensor === undefined) {
    throw new UnsupportedReason(`its input ${quote(node.inputs[index])} is not constant`);
  }
  return tensor;
}

/** The elements of an optional constant input of integers. */
export function optionalIntegers(
  lowering: Lowering,
  node: OnnxNode,
  index: number,
): number[] | undefined {
  const tensor = optionalConstant(lowering, node, index);
  if (tensor === undefined) return undefined;
  if (isFloatType(tensor.type)) {
    throw new OnnxError(
      `Input ${quote(node.inputs[index])} has type ${tensor.type}: expected integers`,
      node.name,
    );
  }
  return Array.from(tensor.data);
}

/** A required constant input of finite floats: weights and the like. */
export function parameter(lowering: Lowering, node: OnnxNode, index: number): Tensor {
  const tensor = floatParameter(lowering, node, index);
  const bad = firstUnusable(tensor.data);
  if (bad >= 0) {
    throw new OnnxError(
      `Tensor ${quote(node.inputs[index])} holds ${tensor.data[bad]} at element ${bad}: expected finite numbers`,
      node.name,
    );
  }
  return tensor;
}

/** A required constant input of floats. */
function floatParameter(lowering: Lowering, node: OnnxNode, index: number): Tensor {
  const name = inputName(node, index);
  const tensor = optionalConstant(lowering, node, index)!;
  if (!isFloatType(tensor.type)) {
    throw new OnnxError(
      `Tensor ${quote(name)} has type ${tensor.type}: expected floats`,
      node.name,
    );
  }
  return tensor;
}

function firstUnusable(data: Float32Array | Float64Array): number {
  for (let i = 0; i < data.length; i++) {
    // Infinities and NaN give NaN, and so do numbers beyond the range of float32.
    if (Math.fround(data[i]) * 0 !== 0) return i;
  }
  return -1;
}

/** A required constant vector of a given length. */
export function vectorParameter(
  lowering: Lowering,
  node: OnnxNode,
  index: number,
  length: number,
): Float32Array {
  const tensor = parameter(lowering, node, index);
  if (tensor.data.length !== length || tensor.shape.length !== 1) {
    throw new OnnxError(
      `Tensor ${quote(node.inputs[index])} has shape [${tensor.shape}]: expected [${length}]`,
      node.name,
    );
  }
  return asFloat32(tensor);
}

/** The elements of a tensor as float32. */
export function asFloat32(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data);
}

/** An axis counted from either end as one counted from the front. */
export function normaliseAxis(axis: number, rank: number, node: OnnxNode): number {
  if (axis < -rank || axis >= rank) {
    throw new OnnxError(
      `${node.operator} has axis ${axis}: expected ${-rank} to ${rank - 1}`,
      node.name,
    );
  }
  return axis < 0 ? axis + rank : axis;
}
