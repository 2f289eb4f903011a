/**
 * Activation functions.
 *
 * @module
 */

import { LARGEST_FLOAT32 } from "../../../runtime/numerics/float32.ts";
import type { Value } from "../../graph/graph.ts";
import { sameShape } from "../../graph/shape.ts";
import { floatAttribute, intAttribute, stringAttribute } from "../attributes.ts";
import { emitActivation, emitBinary, emitReshape } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import {
  anyOperand,
  asFloat32,
  constantValue,
  hasInput,
  isConstant,
  type Lowering,
  numberValue,
  operand,
  optionalConstant,
  parameter,
} from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { LEAST_RANK } from "../recognise_gelu.ts";

/** Lowers Gelu; one that was spelled out has at least the dimensions of the constants that spelled it. */
export function lowerGelu(lowering: Lowering, node: OnnxNode): Value {
  const approximate = stringAttribute(node, "approximate", "none");
  if (approximate !== "none" && approximate !== "tanh") {
    throw new OnnxError(`Gelu has an unknown approximation`, node.name);
  }
  const input = operand(lowering, node, 0);
  const result = emitActivation(lowering, input, { kind: approximate === "tanh" ? "geluTanh" : "gelu" });
  const missing = Math.max(0, intAttribute(node, LEAST_RANK, 0) - input.shape.length);
  return emitReshape(lowering, result, [...new Array<number>(missing).fill(1), ...input.shape]);
}

/** Lowers Swish: x times the sigmoid of alpha x. */
export function lowerSwish(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const alpha = floatAttribute(node, "alpha", 1);
  if (alpha === 1) return emitActivation(lowering, input, { kind: "silu" });
  const factor = numberValue(lowering, alpha);
  const gate = emitActivation(lowering, emitBinary(lowering, "multiply", [input, factor]), { kind: "sigmoid" });
  return emitBinary(lowering, "multiply", [input, gate]);
}

/** Lowers Clip, whose limits are attributes before operator set 11 and inputs from there on, which may be variable. */
export function lowerClip(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const isVariable = (index: number) =>
    lowering.opset >= 11 && hasInput(node, index) &&
    !isConstant(lowering, node, index);
  if (isVariable(1) || isVariable(2)) {
    const low = hasInput(node, 1) ? emitBinary(lowering, "maximum", [input, anyOperand(lowering, node, 1)]) : input;
    return hasInput(node, 2) ? emitBinary(lowering, "minimum", [low, anyOperand(lowering, node, 2)]) : low;
  }
  const limit = (index: number, name: string, otherwise: number): number => {
    if (lowering.opset < 11) return floatAttribute(node, name, otherwise);
    const tensor = optionalConstant(lowering, node, index);
    if (tensor === undefined) return otherwise;
    if (tensor.data.length !== 1 || Number.isNaN(tensor.data[0])) {
      throw new OnnxError(`Clip has a limit that is not one number`, node.name);
    }
    return tensor.data[0];
  };
  const max = limit(2, "max", LARGEST_FLOAT32);
  // Where the limits cross, the upper one holds for all.
  const min = Math.min(limit(1, "min", -LARGEST_FLOAT32), max);
  if (min <= -LARGEST_FLOAT32 && max >= LARGEST_FLOAT32) return input;
  if (min === 0 && max >= LARGEST_FLOAT32) return emitActivation(lowering, input, { kind: "relu" });
  return emitActivation(lowering, input, {
    kind: "clip",
    min: Math.max(min, -LARGEST_FLOAT32),
    max: Math.min(max, LARGEST_FLOAT32),
  });
}

/** Lowers PRelu: an activation function where slopes are constant and run along one dimension. */
export function lowerPRelu(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  if (!isConstant(lowering, node, 1)) return variableSlopes(lowering, node, [input, operand(lowering, node, 1)]);
  const slope = parameter(lowering, node, 1);
  const data = asFloat32(slope);
  if (data.length === 1) {
    return emitActivation(lowering, input, { kind: "leakyRelu", alpha: data[0] });
  }
  const own = slope.shape.findIndex((length) => length !== 1);
  const axis = own + input.shape.length - slope.shape.length;
  if (data.length === slope.shape[own] && axis >= 0 && data.length === input.shape[axis]) {
    return emitActivation(lowering, input, { kind: "prelu" }, { data, axis });
  }
  return variableSlopes(lowering, node, [input, constantValue(lowering, slope)]);
}

function variableSlopes(lowering: Lowering, node: OnnxNode, [input, slopes]: [Value, Value]): Value {
  const result = emitBinary(lowering, "prelu", [input, slopes]);
  if (sameShape(result.shape, input.shape)) return result;
  throw new OnnxError(`PRelu cannot broadcast slopes of [${slopes.shape}] to [${input.shape}]`, node.name);
}
