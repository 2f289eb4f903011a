/**
 * Element-wise functions of constants.
 *
 * @module
 */

import { ELEMENTARY } from "../../../runtime/numerics/elementary.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { elementTypeName, tensorTypeOf } from "../decode_tensor.ts";
import { broadcastShapes } from "../emit.ts";
import { UnsupportedReason } from "../errors.ts";
import { type Lowering, reserve } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { reductionAxes } from "../shape_arguments.ts";
import { isFloatType, kept, type Tensor, type TensorType } from "../tensor.ts";
import { power } from "../../../runtime/numerics/power.ts";
import { broadcastTensor } from "./select.ts";

/** Computes the outputs of a node whose inputs are constant; absent inputs are undefined. */
export type Fold = (
  lowering: Lowering,
  node: OnnxNode,
  inputs: (Tensor | undefined)[],
) => Tensor | Tensor[];

function unary(compute: (value: number, a: number, b: number) => number, type?: TensorType): Fold {
  return (lowering, node, [input]) => {
    const source = required(input, node);
    return mapped(lowering, source, { type: type ?? source.type, compute: (value) => compute(value, 0, 0) });
  };
}

/** A function of angles, which are reduced as numbers of float32. */
function angle(compute: (value: number, a: number, b: number) => number): Fold {
  return (lowering, node, inputs) => {
    if (required(inputs[0], node).type === "float64") throw new UnsupportedReason("its constant is of float64");
    return unary(compute)(lowering, node, inputs);
  };
}

function mapped(
  lowering: Lowering,
  source: Tensor,
  { type, compute }: { type: TensorType; compute: (value: number) => number },
): Tensor {
  const data = reserve(lowering, type, source.shape);
  const keep = kept(type);
  for (let i = 0; i < data.length; i++) data[i] = keep(compute(source.data[i]));
  return { type, shape: source.shape, data };
}

type Combine = (a: number, b: number, integers: boolean) => number;

function binary(combine: Combine, type?: TensorType): Fold {
  return (lowering, node, [a, b]) =>
    combineTensors(lowering, [required(a, node), required(b, node)], { combine, type });
}

function combineTensors(
  lowering: Lowering,
  [left, right]: [Tensor, Tensor],
  { combine, type }: { combine: Combine; type: TensorType | undefined },
): Tensor {
  const shape = broadcastShapes(lowering, left.shape, right.shape);
  const [a, b] = [broadcastTensor(lowering, left, shape), broadcastTensor(lowering, right, shape)];
  const result = type ?? left.type;
  const data = reserve(lowering, result, shape);
  const integers = !isFloatType(left.type);
  const keep = kept(result);
  for (let i = 0; i < data.length; i++) data[i] = keep(combine(a.data[i], b.data[i], integers));
  return { type: result, shape, data };
}

function variadic(combine: Combine): Fold {
  return (lowering, node, inputs) =>
    inputs.map((input) => required(input, node)).reduce((left, right) =>
      combineTensors(lowering, [left, right], { combine, type: undefined })
    );
}

/** An input that must be given. */
export function required(input: Tensor | undefined, node: OnnxNode): Tensor {
  if (input === undefined) throw new UnsupportedReason(`${node.operator} lacks an input`);
  return input;
}

function foldCast(lowering: Lowering, node: OnnxNode, [input]: (Tensor | undefined)[]): Tensor {
  const number = intAttribute(node, "to", 0);
  const type = tensorTypeOf(number);
  if (type === undefined) throw new UnsupportedReason(`it makes ${elementTypeName(number)}`);
  return cast(lowering, required(input, node), type);
}

function foldCastLike(lowering: Lowering, node: OnnxNode, inputs: (Tensor | undefined)[]): Tensor {
  return cast(lowering, required(inputs[0], node), required(inputs[1], node).type);
}

function cast(lowering: Lowering, input: Tensor, type: TensorType): Tensor {
  const compute = type === "bool"
    ? (value: number) => (value === 0 ? 0 : 1)
    : isFloatType(type)
    ? (value: number) => value
    : (value: number) => toInteger(value, type);
  return mapped(lowering, input, { type, compute });
}

/** What C does not define, such as NaN as an integer, other runtimes answer by the machine that they run on. */
function toInteger(value: number, type: TensorType): number {
  const limit = type === "int64" || type === "uint64" ? Number.MAX_SAFE_INTEGER : 2 ** 32;
  if (!(Math.abs(value) <= limit)) throw new UnsupportedReason(`it makes ${type} of ${value}`);
  return Math.trunc(value);
}

function foldWhere(lowering: Lowering, node: OnnxNode, inputs: (Tensor | undefined)[]): Tensor {
  const [condition, yes, no] = inputs.slice(0, 3).map((input) => required(input, node));
  const shape = broadcastShapes(
    lowering,
    condition.shape,
    broadcastShapes(lowering, yes.shape, no.shape),
  );
  const [c, a, b] = [condition, yes, no].map((tensor) => broadcastTensor(lowering, tensor, shape));
  const data = reserve(lowering, yes.type, shape);
  for (let i = 0; i < data.length; i++) data[i] = c.data[i] !== 0 ? a.data[i] : b.data[i];
  return { type: yes.type, shape, data };
}

function reduction(start: number, combine: (sum: number, value: number) => number): Fold {
  return (lowering, node, [input]) => {
    const source = required(input, node);
    const { axes, keep } = reductionAxes(lowering, node, source.shape.length);
    const reduced = source.shape.map((length, i) => (axes.includes(i) ? 1 : length));
    const data = reserve(lowering, source.type, reduced).fill(start);
    const index = new Array<number>(reduced.length).fill(0);
    for (const value of source.data) {
      let to = 0;
      for (let i = 0; i < reduced.length; i++) to = to * reduced[i] + (reduced[i] === 1 ? 0 : index[i]);
      data[to] = combine(data[to], value);
      for (let i = reduced.length - 1; i >= 0 && ++index[i] === source.shape[i]; i--) index[i] = 0;
    }
    const shape = keep ? reduced : reduced.filter((_, i) => !axes.includes(i));
    const keepType = kept(source.type);
    data.forEach((value, i) => data[i] = keepType(value));
    return { type: source.type, shape, data };
  };
}

const foldSum = reduction(0, (sum, value) => sum + value);

function foldMean(lowering: Lowering, node: OnnxNode, inputs: (Tensor | undefined)[]): Tensor {
  const source = required(inputs[0], node);
  const sums = foldSum(lowering, node, [{ ...source, type: "float64" }]) as Tensor;
  const count = source.data.length / sums.data.length;
  return mapped(lowering, sums, {
    type: source.type,
    compute: isFloatType(source.type) ? (sum) => sum / count : (sum) => Math.trunc(sum / count),
  });
}

function foldClip(lowering: Lowering, node: OnnxNode, inputs: (Tensor | undefined)[]): Tensor {
  const old = lowering.opset < 11;
  const min = old ? floatAttribute(node, "min", -Infinity) : inputs[1]?.data[0] ?? -Infinity;
  const max = old ? floatAttribute(node, "max", Infinity) : inputs[2]?.data[0] ?? Infinity;
  const source = required(inputs[0], node);
  return mapped(lowering, source, { type: source.type, compute: (value) => Math.min(Math.max(value, min), max) });
}

function quotient(a: number, b: number, integers: boolean): number {
  if (!integers) return a / b;
  if (b === 0) throw new UnsupportedReason("it divides integers by 0");
  return Math.trunc(a / b);
}

function foldMod(lowering: Lowering, node: OnnxNode, inputs: (Tensor | undefined)[]): Tensor {
  const [left, right] = inputs.slice(0, 2).map((input) => required(input, node));
  const signOfDividend = intAttribute(node, "fmod", 0) !== 0;
  const combine = (a: number, b: number, integers: boolean) => {
    if (!integers && !signOfDividend && lowering.opset < 28) {
      throw new UnsupportedReason("it takes floats without fmod before operator set 28");
    }
    if (integers && b === 0) throw new UnsupportedReason("it divides integers by 0");
    const rest = a % b;
    return !signOfDividend && rest !== 0 && (rest < 0) !== (b < 0) ? rest + b : rest;
  };
  return combineTensors(lowering, [left, right], { combine, type: undefined });
}

/** Element-wise functions and reductions of constants, by operator. */
export const ARITHMETIC_FOLDS: ReadonlyMap<string, Fold> = new Map<string, Fold>([
  ["Add", binary((a, b) => a + b)],
  ["Sub", binary((a, b) => a - b)],
  ["Mul", binary((a, b) => a * b)],
  ["Div", binary(quotient)],
  ["Mod", foldMod],
  ["Pow", binary(power)],
  ["Max", variadic((a, b) => Math.max(a, b))],
  ["Min", variadic((a, b) => Math.min(a, b))],
  ["Sum", variadic((a, b) => a + b)],
  ["Equal", binary((a, b) => Number(a === b), "bool")],
  ["Less", binary((a, b) => Number(a < b), "bool")],
  ["LessOrEqual", binary((a, b) => Number(a <= b), "bool")],
  ["Greater", binary((a, b) => Number(a > b), "bool")],
  ["GreaterOrEqual", binary((a, b) => Number(a >= b), "bool")],
  ["And", binary((a, b) => Number(a !== 0 && b !== 0), "bool")],
  ["Or", binary((a, b) => Number(a !== 0 || b !== 0), "bool")],
  ["Xor", binary((a, b) => Number((a !== 0) !== (b !== 0)), "bool")],
  ["Not", unary((a) => Number(a === 0), "bool")],
  ["Neg", unary((a) => -a)],
  ["Abs", unary(ELEMENTARY.abs)],
  ["Acos", unary(ELEMENTARY.acos)],
  ["Acosh", unary(ELEMENTARY.acosh)],
  ["Asin", unary(ELEMENTARY.asin)],
  ["Asinh", unary(ELEMENTARY.asinh)],
  ["Atan", unary(ELEMENTARY.atan)],
  ["Atanh", unary(ELEMENTARY.atanh)],
  ["Ceil", unary(ELEMENTARY.ceil)],
  ["Cosh", unary(ELEMENTARY.cosh)],
  ["Exp", unary(ELEMENTARY.exp)],
  ["Floor", unary(ELEMENTARY.floor)],
  ["IsNaN", unary(ELEMENTARY.isNaN, "bool")],
  ["Log", unary(ELEMENTARY.log)],
  ["Reciprocal", unary(ELEMENTARY.reciprocal)],
  ["Round", unary(ELEMENTARY.round)],
  ["Cos", angle(ELEMENTARY.cos)],
  ["Sin", angle(ELEMENTARY.sin)],
  ["Tan", angle(ELEMENTARY.tan)],
  ["Sign", unary(ELEMENTARY.sign)],
  ["Sinh", unary(ELEMENTARY.sinh)],
  ["Sqrt", unary(ELEMENTARY.sqrt)],
  ["Cast", foldCast],
  ["CastLike", foldCastLike],
  ["Where", foldWhere],
  ["ReduceProd", reduction(1, (product, value) => product * value)],
  ["ReduceSum", foldSum],
  ["ReduceMean", foldMean],
  ["Clip", foldClip],
  ["ReduceMax", reduction(-Infinity, Math.max)],
  ["ReduceMin", reduction(Infinity, Math.min)],
]);
