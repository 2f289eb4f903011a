/**
 * Draws matrix products.
 *
 * @module
 */

import { type AttributeValue, float } from "../../../support/onnx_writer.ts";
import {
  append,
  broadcast,
  chance,
  type Draft,
  type Drawer,
  drawValue,
  isFixed,
  type Shape,
  spreadOf,
  type Value,
  weights,
} from "../draft.ts";

const drawMatMul: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft, ({ shape }) => shape.length >= 2 && shape[shape.length - 1] > 0);
  if (!value) return false;
  const inner = value.shape[value.shape.length - 1];
  const columns = random.integer(1, 5);
  if (chance(draft, 0.1)) {
    return !!append(draft, "MatMul", [value.name, weights(draft, [inner], spreadOf(inner))], value.shape.slice(0, -1));
  }
  let batch: Shape = [];
  if (chance(draft, 0.15)) {
    batch = value.shape.slice(0, -2).map((length) => length > 0 && chance(draft, 0.6) ? length : 1);
  }
  const matrix = weights(draft, [...batch, inner, columns], spreadOf(inner));
  return !!append(draft, "MatMul", [value.name, matrix], [...value.shape.slice(0, -1), columns]);
};

const drawMatMulFromLeft: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 2 && shape[shape.length - 2] > 0);
  if (!value) return false;
  const inner = value.shape[value.shape.length - 2];
  const rows = draft.random.integer(1, 4);
  const matrix = weights(draft, [rows, inner], spreadOf(inner));
  return !!append(draft, "MatMul", [matrix, value.name], value.shape.toSpliced(-2, 1, rows));
};

function transposed(draft: Draft, value: Value): Value | undefined {
  const rank = value.shape.length;
  const perm = value.shape.map((_, axis) => axis < rank - 2 ? axis : axis === rank - 1 ? rank - 2 : rank - 1);
  return append(draft, "Transpose", [value.name], perm.map((axis) => value.shape[axis]), { perm });
}

const drawProduct: Drawer = (draft) => {
  const left = drawValue(draft, ({ shape }) => shape.length >= 2);
  if (!left) return false;
  const inner = left.shape[left.shape.length - 1];
  const fits = (other: Value) =>
    other.shape.length >= 2 && other.shape[other.shape.length - 2] === inner &&
    broadcast(left.shape.slice(0, -2), other.shape.slice(0, -2)) !== undefined;
  const partners = draft.values.filter(fits);
  const right = partners.length > 0 && chance(draft, 0.6) ? draft.random.pick(partners) : transposed(draft, left);
  if (!right || !fits(right)) return false;
  if (left.shape.length === 2 && left.shape[0] < 0 && !chance(draft, 0.1)) return false;
  const batch = broadcast(left.shape.slice(0, -2), right.shape.slice(0, -2))!;
  const shape = [...batch, left.shape[left.shape.length - 2], right.shape[right.shape.length - 1]];
  return !!append(draft, "MatMul", [left.name, right.name], shape);
};

const drawGemm: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft, ({ shape }) => shape.length === 2 && shape[1] > 0);
  if (!value) return false;
  const transA = isFixed(value.shape) && chance(draft, 0.1) ? 1 : 0;
  const [rows, inner] = transA ? value.shape.toReversed() : value.shape;
  const columns = random.integer(1, 5);
  const transB = random.integer(0, 1);
  const inputs = [value.name, weights(draft, transB ? [columns, inner] : [inner, columns], spreadOf(inner))];
  if (opset < 11 || chance(draft, 0.7)) {
    const shapes: Shape[] = [
      [columns],
      [columns],
      [1, columns],
      [1],
      ...(rows > 0 ? [[rows, columns], [rows, 1]] : []),
    ];
    inputs.push(weights(draft, random.pick(shapes)));
  }
  const attributes: Record<string, AttributeValue> = {
    ...(transA && { transA }),
    ...(transB && { transB }),
    ...(chance(draft, 0.15) && { alpha: float(0.5) }),
    ...(chance(draft, 0.15) && { beta: float(2) }),
  };
  return !!append(draft, "Gemm", inputs, [rows, columns], attributes);
};

/** Matrix products, with how often they are drawn. */
export const MATRIX: [Drawer, weight: number][] = [
  [drawMatMul, 4],
  [drawMatMulFromLeft, 0.7],
  [drawProduct, 2],
  [drawGemm, 2],
];
