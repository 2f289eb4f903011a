/**
 * Computes nodes whose inputs are constant, and shapes.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import { stridesOf } from "../../graph/shape.ts";
import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorAttribute,
} from "../attributes.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { type Lowering, normaliseAxis, reserve } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import {
  expandedShape,
  padAmounts,
  permutationOf,
  reshapedShape,
  sliceRange,
  splitLengths,
} from "../shape_arguments.ts";
import { integers, type Tensor } from "../tensor.ts";
import { ARITHMETIC_FOLDS, type Fold, required } from "./arithmetic.ts";
import { foldBatchNormalization } from "./batch_normalization.ts";
import { broadcastTensor, concatTensors, padTensor, sliceTensor, transposeTensor } from "./select.ts";

function foldConstant(_lowering: Lowering, node: OnnxNode): Tensor {
  const tensor = tensorAttribute(node, "value");
  if (tensor) return tensor;
  if (node.attributes.has("value_int")) {
    return { ...integers([intAttribute(node, "value_int", 0)]), shape: [] };
  }
  if (node.attributes.has("value_float")) {
    const data = Float32Array.of(floatAttribute(node, "value_float", 0));
    return { type: "float32", shape: [], data };
  }
  const ints = intsAttribute(node, "value_ints");
  if (ints) return integers(ints);
  const floats = floatsAttribute(node, "value_floats");
  if (floats) return { type: "float32", shape: [floats.length], data: Float32Array.from(floats) };
  throw new UnsupportedReason("its value is no tensor of numbers");
}

function foldConstantOfShape(
  lowering: Lowering,
  node: OnnxNode,
  [input]: (Tensor | undefined)[],
): Tensor {
  const shape = Array.from(required(input, node).data);
  const value = tensorAttribute(node, "value");
  if (value && value.data.length !== 1) {
    throw new OnnxError("ConstantOfShape has a value that is not one number", node.name);
  }
  const type = value?.type ?? "float32";
  return { type, shape, data: reserve(lowering, type, shape).fill(value?.data[0] ?? 0) };
}

function foldRange(
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
): Tensor {
  const [start, limit, delta] = inputs.slice(0, 3).map((input) => oneNumber(required(input, node), node));
  if (delta === 0) throw new OnnxError("Range has a step of 0", node.name);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const { type } = required(inputs[0], node);
  const data = reserve(lowering, type, [count]);
  for (let i = 0; i < count; i++) data[i] = start + i * delta;
  return { type, shape: [count], data };
}

function oneNumber(tensor: Tensor, node: OnnxNode): number {
  if (tensor.data.length !== 1) {
    throw new OnnxError(`${node.operator} has an input of ${tensor.data.length} numbers: expected one`, node.name);
  }
  return tensor.data[0];
}

function foldGather(
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
): Tensor {
  const [source, positions] = inputs.slice(0, 2).map((input) => required(input, node));
  const axis = normaliseAxis(intAttribute(node, "axis", 0), source.shape.length, node);
  const length = source.shape[axis];
  const run = stridesOf(source.shape)[axis];
  const outer = elementCount(source.shape.slice(0, axis));
  const shape = [...source.shape];
  shape.splice(axis, 1, ...positions.shape);
  const data = reserve(lowering, source.type, shape);
  let to = 0;
  for (let i = 0; i < outer; i++) {
    for (const position of positions.data) {
      const index = position < 0 ? position + length : position;
      if (!(index >= 0 && index < length)) {
        throw new OnnxError(`Gather has index ${position}: axis ${axis} has ${length}`, node.name);
      }
      for (let k = 0; k < run; k++) data[to++] = source.data[(i * length + index) * run + k];
    }
  }
  return { type: source.type, shape, data };
}

function foldConcat(
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
): Tensor {
  const parts = inputs.map((input) => required(input, node));
  const rank = parts[0]?.shape.length ?? 0;
  const axis = normaliseAxis(intAttribute(node, "axis", 1), rank, node);
  for (const { shape } of parts) {
    const fits = shape.length === rank &&
      shape.every((length, i) => i === axis || length === parts[0].shape[i]);
    if (!fits) {
      throw new OnnxError(`Concat cannot join [${parts[0].shape}] and [${shape}]`, node.name);
    }
  }
  return concatTensors(lowering, parts, axis);
}

function foldSplit(
  lowering: Lowering,
  node: OnnxNode,
  [input]: (Tensor | undefined)[],
): Tensor[] {
  const source = required(input, node);
  const { axis, lengths } = splitLengths(lowering, node, source.shape);
  let start = 0;
  return lengths.map((length) => {
    const shape = source.shape.map((own, i) => (i === axis ? length : own));
    const starts = shape.map((_, i) => (i === axis ? start : 0));
    start += length;
    return sliceTensor(lowering, source, { starts, steps: shape.map(() => 1), shape });
  });
}

const foldReshape: Fold = (lowering, node, [input]) => {
  const source = required(input, node);
  return { ...source, shape: reshapedShape(lowering, node, source.shape) };
};

function foldDropout(lowering: Lowering, node: OnnxNode, [input, , training]: (Tensor | undefined)[]): Tensor[] {
  if (training !== undefined && training.data[0] !== 0) throw new UnsupportedReason("it is in training mode");
  const source = required(input, node);
  if (!lowering.readers.has(node.outputs[1])) return [source];
  const { shape } = source;
  return [source, { type: "bool", shape, data: reserve(lowering, "bool", shape).fill(1) }];
}

const FOLDS: ReadonlyMap<string, Fold> = new Map<string, Fold>([
  ...ARITHMETIC_FOLDS,
  ["Constant", foldConstant],
  ["ConstantOfShape", foldConstantOfShape],
  ["Range", foldRange],
  ["Gather", foldGather],
  ["Concat", foldConcat],
  ["Split", foldSplit],
  ["BatchNormalization", foldBatchNormalization],
  ["Reshape", foldReshape],
  ["Flatten", foldReshape],
  ["Squeeze", foldReshape],
  ["Unsqueeze", foldReshape],
  ["Identity", (_lowering, node, [input]) => required(input, node)],
  ["Dropout", foldDropout],
  [
    "Transpose",
    (lowering, node, [input]) => {
      const source = required(input, node);
      return transposeTensor(lowering, source, permutationOf(node, source.shape.length));
    },
  ],
  [
    "Slice",
    (lowering, node, [input]) => {
      const source = required(input, node);
      return sliceTensor(lowering, source, sliceRange(lowering, node, source.shape));
    },
  ],
  [
    "Pad",
    (lowering, node, [input, , given]) => {
      const source = required(input, node);
      const mode = stringAttribute(node, "mode", "constant");
      if (mode !== "constant") throw new UnsupportedReason(`its input is constant and its mode ${mode}`);
      const value = lowering.opset < 11 ? floatAttribute(node, "value", 0) : given?.data[0] ?? 0;
      return padTensor(lowering, source, { ...padAmounts(lowering, node, source.shape.length), value });
    },
  ],
  [
    "Expand",
    (lowering, node, [input]) => {
      const source = required(input, node);
      return broadcastTensor(lowering, source, expandedShape(lowering, node, source.shape));
    },
  ],
]);

/** Whether an operator can be computed where its inputs are constant. */
export function isFoldable(operator: string): boolean {
  return FOLDS.has(operator) || operator === "Shape" || operator === "Size";
}

/** Computes a node whose inputs are all constant. */
export function foldNode(
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
): Tensor[] {
  const fold = FOLDS.get(node.operator);
  if (fold === undefined) throw new UnsupportedReason("its inputs are constant");
  const result = fold(lowering, node, inputs);
  return Array.isArray(result) ? result : [result];
}

/** Computes Shape and Size of a value of known shape. */
export function foldShape(node: OnnxNode, shape: readonly number[]): Tensor {
  if (node.operator === "Size") return { ...integers([elementCount(shape)]), shape: [] };
  const start = intAttribute(node, "start", 0);
  const end = intAttribute(node, "end", shape.length);
  return integers(shape.slice(start, end));
}
