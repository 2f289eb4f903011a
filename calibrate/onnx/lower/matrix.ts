/**
 * Gemm and MatMul.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { emitBinary, emitFullyConnected, emitMatMul, emitReshape, emitTranspose } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import { asFloat32, constantValue, hasInput, isConstant, type Lowering, operand, parameter } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import type { Tensor } from "../tensor.ts";

/** Lowers Gemm: alpha A B + beta C, either transposed. */
export function lowerGemm(lowering: Lowering, node: OnnxNode): Value {
  const alpha = floatAttribute(node, "alpha", 1);
  const beta = floatAttribute(node, "beta", 1);
  const transposeA = intAttribute(node, "transA", 0) !== 0;
  const transposeB = intAttribute(node, "transB", 0) !== 0;
  const a = operand(lowering, node, 0);
  requireMatrix(a.shape, node);
  const left = transposeA ? emitTranspose(lowering, a, [1, 0]) : a;
  if (!isConstant(lowering, node, 1)) {
    const b = operand(lowering, node, 1);
    requireMatrix(b.shape, node);
    const right = transposeB ? emitTranspose(lowering, b, [1, 0]) : b;
    requireInner(left.shape[1], right.shape[0], node);
    const product = scaled(lowering, emitMatMul(lowering, left, right), alpha);
    return addMatrix(lowering, node, { product, beta });
  }
  const b = parameter(lowering, node, 1);
  requireMatrix(b.shape, node);
  const weights = transposeB ? b : transposeMatrix(b);
  const [outputs, inputs] = weights.shape;
  requireInner(left.shape[1], inputs, node);
  const bias = biasVector(lowering, node, outputs);
  const product = emitFullyConnected(lowering, left, {
    weights: alpha === 1 ? asFloat32(weights) : asFloat32(weights).map((weight) => alpha * weight),
    weightShape: [outputs, inputs],
    bias: bias?.map((element) => beta * element) ?? new Float32Array(outputs),
  });
  return bias ? product : addMatrix(lowering, node, { product, beta });
}

/** Lowers MatMul; one constant matrix makes a fully connected layer. */
export function lowerMatMul(lowering: Lowering, node: OnnxNode): Value {
  const [first, second] = node.inputs.map((input) => lowering.constants.get(input)?.shape);
  const a = operand(lowering, node, 0);
  if (a.shape.length === 0 || second?.length === 0) throw new OnnxError("MatMul has a scalar input", node.name);
  if (second && isOneMatrix(second) && second.length <= Math.max(2, a.shape.length)) {
    return multiplyByConstant(lowering, node);
  }
  const b = operand(lowering, node, 1);
  if (b.shape.length === 0) throw new OnnxError("MatMul has a scalar input", node.name);
  if (!second && first?.length === 2 && b.shape.length >= 2) return multiplyConstantBy(lowering, node);
  const left = a.shape.length === 1 ? emitReshape(lowering, a, [1, a.shape[0]]) : a;
  const right = b.shape.length === 1 ? emitReshape(lowering, b, [b.shape[0], 1]) : b;
  requireInner(left.shape.at(-1)!, right.shape.at(-2)!, node);
  const product = emitMatMul(lowering, left, right);
  const shape = [...product.shape];
  if (b.shape.length === 1) shape.pop();
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return emitReshape(lowering, product, shape);
}

function isOneMatrix(shape: readonly number[]): boolean {
  return shape.slice(0, -2).every((length) => length === 1);
}

function multiplyByConstant(lowering: Lowering, node: OnnxNode): Value {
  const a = operand(lowering, node, 0);
  const b = parameter(lowering, node, 1);
  const rank = b.shape.length;
  const matrix: Tensor = { ...b, shape: rank === 1 ? [b.shape[0], 1] : b.shape.slice(-2) };
  const [inputs, outputs] = matrix.shape;
  requireInner(a.shape.at(-1)!, inputs, node);
  const left = a.shape.length === 1 ? emitReshape(lowering, a, [1, inputs]) : a;
  const product = emitFullyConnected(lowering, left, {
    weights: asFloat32(transposeMatrix(matrix)),
    weightShape: [outputs, inputs],
    bias: new Float32Array(outputs),
  });
  const shape = a.shape.slice(0, -1);
  if (rank > 1) shape.push(outputs);
  return emitReshape(lowering, product, shape);
}

function multiplyConstantBy(lowering: Lowering, node: OnnxNode): Value {
  const a = parameter(lowering, node, 0);
  const b = operand(lowering, node, 1);
  const [outputs, inputs] = a.shape;
  requireInner(inputs, b.shape.at(-2)!, node);
  const rank = b.shape.length;
  const swap = b.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  const product = emitFullyConnected(lowering, emitTranspose(lowering, b, swap), {
    weights: asFloat32(a),
    weightShape: [outputs, inputs],
    bias: new Float32Array(outputs),
  });
  return emitTranspose(lowering, product, swap);
}

function biasVector(lowering: Lowering, node: OnnxNode, outputs: number): Float32Array | undefined {
  if (!hasInput(node, 2)) return new Float32Array(outputs);
  if (!isConstant(lowering, node, 2)) return undefined;
  const { shape, data } = parameter(lowering, node, 2);
  if (data.length === 1) return new Float32Array(outputs).fill(data[0]);
  if (data.length === outputs && shape.at(-1) === outputs) return Float32Array.from(data);
  return undefined;
}

function addMatrix(
  lowering: Lowering,
  node: OnnxNode,
  { product, beta }: { product: Value; beta: number },
): Value {
  if (!hasInput(node, 2)) return product;
  return emitBinary(lowering, "add", [product, scaled(lowering, operand(lowering, node, 2), beta)]);
}

function scaled(lowering: Lowering, value: Value, factor: number): Value {
  if (factor === 1) return value;
  const constant = constantValue(lowering, {
    type: "float32",
    shape: [1],
    data: Float32Array.of(factor),
  });
  return emitBinary(lowering, "multiply", [value, constant]);
}

/** Matrices that were turned, by the elements of the matrix, so that nodes that share weights go on sharing them. */
const turned = new WeakMap<Tensor["data"], Tensor>();

function transposeMatrix(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape;
  const known = turned.get(matrix.data);
  if (known?.shape[0] === columns && known.shape[1] === rows) return known;
  const source = asFloat32(matrix);
  const data = new Float32Array(source.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      data[column * rows + row] = source[row * columns + column];
    }
  }
  const result: Tensor = { type: "float32", shape: [columns, rows], data };
  turned.set(matrix.data, result);
  return result;
}

function requireMatrix(shape: number[], node: OnnxNode): void {
  if (shape.length !== 2) {
    throw new OnnxError(`${node.operator} has an input of shape [${shape}]: expected a matrix`, node.name);
  }
}

function requireInner(left: number, right: number, node: OnnxNode): void {
  if (left !== right) {
    throw new OnnxError(
      `${node.operator} multiplies rows of ${left} with columns of ${right}`,
      node.name,
    );
  }
}
