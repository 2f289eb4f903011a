/**
 * Element-wise functions of two or more values.
 *
 * @module
 */

import { LARGEST_FLOAT32 } from "../../../runtime/numerics/float32.ts";
import type { BinaryNode, Value } from "../../graph/graph.ts";
import { intAttribute } from "../attributes.ts";
import { emit, emitActivation, emitBinary } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { anyOperand, type Lower, type Lowering, maskOperand, numberValue, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { isInteger } from "../result_type.ts";

/** The values of both inputs, which must be of one type. */
function operands(lowering: Lowering, node: OnnxNode, read: typeof operand): [Value, Value] {
  const pair: [Value, Value] = [read(lowering, node, 0), read(lowering, node, 1)];
  const [a, b] = pair.map(({ type }) => type);
  if (a !== b && !(isInteger(a) && isInteger(b))) {
    throw new OnnxError(`${node.operator} reads values of ${a} and ${b}: expected one type`, node.name);
  }
  return pair;
}

function binary(operation: BinaryNode["operation"]): Lower {
  return (lowering, node) => emitBinary(lowering, operation, operands(lowering, node, operand));
}

/** A comparison, or a function of booleans: its operands may be swapped. */
function comparison(operation: BinaryNode["operation"], swapped = false): Lower {
  return (lowering, node) => {
    const [a, b] = operands(lowering, node, anyOperand);
    return emitBinary(lowering, operation, swapped ? [b, a] : [a, b]);
  };
}

function chain(operation: BinaryNode["operation"]): Lower {
  return (lowering, node) => {
    let result = operand(lowering, node, 0);
    for (let i = 1; i < node.inputs.length; i++) {
      result = limited(lowering, [result, operand(lowering, node, i)], operation);
    }
    return result;
  };
}

/** A maximum or minimum of a variable and one number is a Clip. */
function limited(lowering: Lowering, pair: [Value, Value], operation: BinaryNode["operation"]): Value {
  const [variable, constant] = pair[0].data ? pair.toReversed() : pair;
  const limit = constant.data?.length === 1 && constant.shape.length <= variable.shape.length
    ? constant.data[0]
    : undefined;
  if (limit === undefined || operation === "add") return emitBinary(lowering, operation, pair);
  if (operation === "minimum") {
    return emitActivation(lowering, variable, { kind: "clip", min: -LARGEST_FLOAT32, max: limit });
  }
  if (limit === 0) return emitActivation(lowering, variable, { kind: "relu" });
  return emitActivation(lowering, variable, { kind: "clip", min: limit, max: LARGEST_FLOAT32 });
}

/** Lowers Add; a constant may hold -Infinity where the sum is read by Softmax alone, as masks are. */
export function lowerAdd(lowering: Lowering, node: OnnxNode): Value {
  const readers = [...lowering.readers.get(node.outputs[0]) ?? []];
  const read = readers.length > 0 && readers.every((operator) => operator === "Softmax") ? maskOperand : operand;
  return emitBinary(lowering, "add", operands(lowering, node, read));
}
/** Lowers Sub. */
export const lowerSub: Lower = binary("subtract");
/** Lowers Mul. */
export const lowerMul: Lower = binary("multiply");
/** Lowers Div; a quotient of integers is rounded towards 0. */
export const lowerDiv: Lower = (lowering, node) => {
  const pair = operands(lowering, node, operand);
  const quotient = emitBinary(lowering, "divide", pair);
  return isInteger(pair[0].type) ? emitActivation(lowering, quotient, { kind: "truncate" }) : quotient;
};
/** Lowers Equal. */
export const lowerEqual: Lower = comparison("equal");
/** Lowers Less. */
export const lowerLess: Lower = comparison("less");
/** Lowers LessOrEqual. */
export const lowerLessOrEqual: Lower = comparison("lessOrEqual");
/** Lowers Greater. */
export const lowerGreater: Lower = comparison("less", true);
/** Lowers GreaterOrEqual. */
export const lowerGreaterOrEqual: Lower = comparison("lessOrEqual", true);
/** Lowers And. */
export const lowerAnd: Lower = comparison("minimum");
/** Lowers Or. */
export const lowerOr: Lower = comparison("maximum");
/** Lowers Xor. */
export const lowerXor: Lower = comparison("notEqual");

/** Lowers Mod: the remainder has the sign of the divisor, or with `fmod` that of the dividend. */
export function lowerMod(lowering: Lowering, node: OnnxNode): Value {
  const pair = operands(lowering, node, operand);
  const signOfDividend = intAttribute(node, "fmod", 0) !== 0;
  if (!signOfDividend && !isInteger(pair[0].type) && lowering.opset < 28) {
    throw new UnsupportedReason("it takes floats without fmod before operator set 28");
  }
  return emitBinary(lowering, signOfDividend ? "remainder" : "modulo", pair);
}

/** Lowers Pow: products, roots and reciprocals where one number that says so is the exponent. */
export function lowerPow(lowering: Lowering, node: OnnxNode): Value {
  const [base, exponent] = [anyOperand(lowering, node, 0), anyOperand(lowering, node, 1)];
  const isOne = exponent.data?.length === 1 && exponent.shape.length <= base.shape.length;
  const result = isOne ? constantPower(lowering, base, exponent.data![0]) : undefined;
  const power = result ?? emitBinary(lowering, "power", [base, exponent]);
  return isInteger(base.type) && !isInteger(exponent.type)
    ? emitActivation(lowering, power, { kind: "truncate" })
    : power;
}

function constantPower(lowering: Lowering, base: Value, exponent: number): Value | undefined {
  const square = () => emitBinary(lowering, "multiply", [base, base]);
  switch (exponent) {
    case 1:
      return base;
    case 2:
      return square();
    case 3:
      return emitBinary(lowering, "multiply", [square(), base]);
    case 0.5:
      return emitActivation(lowering, base, { kind: "sqrt" });
    case -1:
      return emitActivation(lowering, base, { kind: "reciprocal" });
    default:
      return Number.isFinite(exponent) ? emitActivation(lowering, base, { kind: "power", exponent }) : undefined;
  }
}

/** Lowers Where. */
export function lowerWhere(lowering: Lowering, node: OnnxNode): Value {
  return emit(lowering, [0, 1, 2].map((index) => anyOperand(lowering, node, index)), { op: "select" });
}
/** Lowers Max of any number of values. */
export const lowerMax: Lower = chain("maximum");
/** Lowers Min of any number of values. */
export const lowerMin: Lower = chain("minimum");
/** Lowers Sum of any number of values. */
export const lowerSum: Lower = chain("add");

/** Lowers Mean of any number of values. */
export function lowerMean(lowering: Lowering, node: OnnxNode): Value {
  const count = numberValue(lowering, node.inputs.length);
  return emitBinary(lowering, "divide", [chain("add")(lowering, node) as Value, count]);
}

/** Lowers Neg. */
export function lowerNeg(lowering: Lowering, node: OnnxNode): Value {
  const factor = numberValue(lowering, -1);
  return emitBinary(lowering, "multiply", [operand(lowering, node, 0), factor]);
}
