/**
 * Element-wise functions of two or more values.
 *
 * @module
 */

import { LARGEST_FLOAT32 } from "../../../runtime/numerics/float32.ts";
import type { BinaryNode, Value } from "../../graph/graph.ts";
import { emitActivation, emitBinary } from "../emit.ts";
import { constantValue, type Lower, type Lowering, maskOperand, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

function binary(operation: BinaryNode["operation"]): Lower {
  return (lowering, node) => emitBinary(lowering, operation, [operand(lowering, node, 0), operand(lowering, node, 1)]);
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
  return emitBinary(lowering, "add", [read(lowering, node, 0), read(lowering, node, 1)]);
}
/** Lowers Sub. */
export const lowerSub: Lower = binary("subtract");
/** Lowers Mul. */
export const lowerMul: Lower = binary("multiply");
/** Lowers Div. */
export const lowerDiv: Lower = binary("divide");
/** Lowers Max of any number of values. */
export const lowerMax: Lower = chain("maximum");
/** Lowers Min of any number of values. */
export const lowerMin: Lower = chain("minimum");
/** Lowers Sum of any number of values. */
export const lowerSum: Lower = chain("add");

/** Lowers Mean of any number of values. */
export function lowerMean(lowering: Lowering, node: OnnxNode): Value {
  const count = constantValue(lowering, { type: "float32", shape: [], data: Float32Array.of(node.inputs.length) });
  return emitBinary(lowering, "divide", [chain("add")(lowering, node) as Value, count]);
}

/** Lowers Neg. */
export function lowerNeg(lowering: Lowering, node: OnnxNode): Value {
  const factor = constantValue(lowering, {
    type: "float32",
    shape: [],
    data: Float32Array.of(-1),
  });
  return emitBinary(lowering, "multiply", [operand(lowering, node, 0), factor]);
}
