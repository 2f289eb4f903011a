/**
 * Draws what exporters write for one function: several nodes in a row.
 *
 * @module
 */

import { float, floats } from "../../../support/onnx_writer.ts";
import {
  append,
  broadcast,
  chance,
  constant,
  count,
  type Draft,
  type Drawer,
  drawOperandShape,
  drawValue,
  integers,
  isFixed,
  type Shape,
  spreadOf,
  type Value,
  weights,
} from "../draft.ts";
import { appendBatchNormalization } from "./normalization.ts";
import { appendConv } from "./spatial.ts";

const isImage = ({ shape }: Value) => shape.length === 4 && isFixed(shape, 1);

/** A scalar in one of the shapes that exporters give it. */
function scalar(draft: Draft, number: number): { name: string; shape: Shape } {
  const shape = draft.random.pick<Shape>([[], [], [1], [1, 1]]);
  return { name: constant(draft, floats(shape, [number])), shape };
}

/** Applies an operator to two values in any order. */
function combine(
  draft: Draft,
  op: string,
  a: { name: string; shape: Shape },
  b: { name: string; shape: Shape },
): Value | undefined {
  const shape = broadcast(a.shape, b.shape);
  if (!shape) return undefined;
  return append(draft, op, op === "Div" || chance(draft, 0.7) ? [a.name, b.name] : [b.name, a.name], shape);
}

/** Convolution, BatchNormalization or arithmetic per channel, activation. */
const drawBlock: Drawer = (draft) => {
  const value = drawValue(draft, isImage);
  let made = value && appendConv(draft, value);
  if (!made) return false;
  if (chance(draft, 0.6)) made = appendBatchNormalization(draft, made)!;
  for (const op of ["Mul", "Add"]) {
    if (!chance(draft, 0.25)) continue;
    const shape: Shape = draft.random.pick<Shape>([
      [made.shape[1], 1, 1],
      [1, made.shape[1], 1, 1],
      [made.shape[3]],
      drawOperandShape(draft, made.shape),
    ]);
    made = combine(draft, op, made, { name: weights(draft, shape), shape }) ?? made;
  }
  const op = draft.random.pick(["Relu", "LeakyRelu", "Sigmoid", "Tanh"]);
  return !!append(draft, op, [made.name], made.shape);
};

const drawResidual: Drawer = (draft) => {
  const value = drawValue(draft, isImage);
  if (!value) return false;
  const channels = value.shape[1];
  const weight = weights(draft, [channels, channels, 3, 3], spreadOf(channels * 9));
  const made = append(draft, "Conv", [value.name, weight], value.shape, { pads: [1, 1, 1, 1], kernel_shape: [3, 3] });
  const sum = made && combine(draft, "Add", made, value);
  return !!sum && (chance(draft, 0.4) || !!append(draft, "Relu", [sum.name], sum.shape));
};

/** A gate on channels, as of squeeze and excitation. */
const drawGate: Drawer = (draft) => {
  const value = drawValue(draft, isImage);
  if (!value) return false;
  const [batch, channels] = value.shape;
  let gate = append(draft, "GlobalAveragePool", [value.name], [batch, channels, 1, 1])!;
  const middle = draft.random.integer(1, 4);
  gate = append(draft, "Conv", [gate.name, weights(draft, [middle, channels, 1, 1], spreadOf(channels))], [
    batch,
    middle,
    1,
    1,
  ])!;
  gate = append(draft, "Relu", [gate.name], gate.shape)!;
  gate = append(draft, "Conv", [gate.name, weights(draft, [channels, middle, 1, 1], spreadOf(middle))], [
    batch,
    channels,
    1,
    1,
  ])!;
  gate = append(draft, draft.random.pick(["Sigmoid", "HardSigmoid"]), [gate.name], gate.shape)!;
  return !!combine(draft, "Mul", value, gate);
};

const drawSilu: Drawer = (draft) => {
  const value = drawValue(draft);
  const gate = value &&
    append(draft, draft.random.pick(["Sigmoid", "Sigmoid", "HardSigmoid"]), [value.name], value.shape);
  return !!gate && !!combine(draft, "Mul", value!, gate);
};

const drawGelu: Drawer = (draft) => {
  const value = drawValue(draft);
  const scaled = value &&
    (chance(draft, 0.5)
      ? combine(draft, "Div", value, scalar(draft, Math.fround(Math.SQRT2)))
      : combine(draft, "Mul", value, scalar(draft, Math.fround(Math.SQRT1_2))));
  const erf = scaled && append(draft, "Erf", [scaled.name], scaled.shape);
  const sum = erf && combine(draft, "Add", erf, scalar(draft, 1));
  if (!sum) return false;
  if (chance(draft, 0.5)) {
    const product = combine(draft, "Mul", value!, sum);
    return !!product && !!combine(draft, "Mul", product, scalar(draft, 0.5));
  }
  const half = combine(draft, "Mul", value!, scalar(draft, 0.5));
  return !!half && !!combine(draft, "Mul", half, sum);
};

const drawHardSwish: Drawer = (draft) => {
  const value = drawValue(draft);
  const sum = value && combine(draft, "Add", value, scalar(draft, 3));
  if (!sum) return false;
  const clipped = draft.opset < 11
    ? append(draft, "Clip", [sum.name], sum.shape, { min: float(0), max: float(6) })
    : append(draft, "Clip", [sum.name, constant(draft, floats([], [0])), constant(draft, floats([], [6]))], sum.shape);
  if (!clipped) return false;
  if (chance(draft, 0.5)) {
    const product = combine(draft, "Mul", value!, clipped);
    return !!product && !!combine(draft, "Div", product, scalar(draft, 6));
  }
  const gate = combine(draft, "Div", clipped, scalar(draft, 6));
  return !!gate && !!combine(draft, "Mul", value!, gate);
};

/** Attention of a value to itself, with a mask where no sample sees what follows. */
const drawAttention: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length === 3 && isFixed(shape, 1));
  if (!value) return false;
  const [batch, length, width] = value.shape;
  const project = () =>
    append(draft, "MatMul", [value.name, weights(draft, [width, width], spreadOf(width))], value.shape)!;
  const [query, key, content] = [project(), project(), project()];
  const turned = append(draft, "Transpose", [key.name], [batch, width, length], { perm: [0, 2, 1] })!;
  let scores = append(draft, "MatMul", [query.name, turned.name], [batch, length, length])!;
  if (!scores) return false;
  scores = combine(draft, "Div", scores, scalar(draft, Math.fround(Math.sqrt(width)))) ?? scores;
  if (chance(draft, 0.4)) {
    const mask = Array.from(
      { length: length * length },
      (_, i) => i % length > i / length ? (draft.random.unit() < 0.5 ? -1e4 : -Infinity) : 0,
    );
    scores = combine(draft, "Add", scores, {
      name: constant(draft, floats([length, length], mask)),
      shape: [length, length],
    })!;
  }
  const shares = scores.shape.length === 3 &&
    append(draft, "Softmax", [scores.name], scores.shape, { axis: scores.shape.length - 1 });
  if (!shares || (draft.opset < 13 && shares.shape.length !== 3)) return !!shares;
  return !!append(draft, "MatMul", [shares.name, content.name], value.shape);
};

/** What older exporters write for x.view(x.size(0), -1). */
const drawShapeChain: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 2 && isFixed(shape, 1));
  if (!value || draft.opset < 11) return false;
  const name = `s${draft.nodes.length}`;
  draft.nodes.push(
    { op: "Shape", inputs: [value.name], outputs: [`${name}_shape`] },
    {
      op: "Gather",
      inputs: [`${name}_shape`, integers(draft, [0], [])],
      outputs: [`${name}_batch`],
      attributes: { axis: 0 },
    },
  );
  const axes = draft.opset >= 13 ? integers(draft, [0]) : "";
  draft.nodes.push({
    op: "Unsqueeze",
    inputs: axes ? [`${name}_batch`, axes] : [`${name}_batch`],
    outputs: [`${name}_first`],
    attributes: axes ? {} : { axes: [0] },
  });
  draft.nodes.push({
    op: "Concat",
    inputs: [`${name}_first`, integers(draft, [-1])],
    outputs: [`${name}_target`],
    attributes: { axis: 0 },
  });
  return !!append(draft, "Reshape", [value.name, `${name}_target`], [value.shape[0], count(value.shape.slice(1))]);
};

const drawShuffle: Drawer = (draft) => {
  const value = drawValue(draft, (value) => isImage(value) && value.shape[1] % 2 === 0);
  if (!value) return false;
  const [batch, channels, height, width] = value.shape;
  const first = batch < 0 ? -1 : batch;
  const split = append(draft, "Reshape", [value.name, integers(draft, [first, 2, channels / 2, height, width])], [
    batch,
    2,
    channels / 2,
    height,
    width,
  ])!;
  const turned = append(draft, "Transpose", [split.name], [batch, channels / 2, 2, height, width], {
    perm: [0, 2, 1, 3, 4],
  })!;
  return !!append(draft, "Reshape", [turned.name, integers(draft, [first, channels, height, width])], value.shape);
};

/** Several nodes in a row, with how often they are drawn. */
export const PATTERNS: [Drawer, weight: number][] = [
  [drawBlock, 8],
  [drawResidual, 2],
  [drawGate, 2],
  [drawSilu, 1.5],
  [drawGelu, 1.5],
  [drawHardSwish, 1],
  [drawAttention, 1.5],
  [drawShapeChain, 1],
  [drawShuffle, 1],
];
