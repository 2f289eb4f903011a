/**
 * Activation functions.
 *
 * @module
 */

import type { Activation } from "../../../runtime/activation.ts";
import { LARGEST_FLOAT32 } from "../../../runtime/numerics/float32.ts";
import type { Value } from "../../graph/graph.ts";
import { floatAttribute, intAttribute, stringAttribute } from "../attributes.ts";
import { emitActivation, emitBinary, emitReshape } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import {
  asFloat32,
  constantValue,
  type Lower,
  type Lowering,
  operand,
  optionalConstant,
  parameter,
} from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { LEAST_RANK } from "../recognise_gelu.ts";

function plain(activation: (node: OnnxNode) => Activation): Lower {
  return (lowering, node) => emitActivation(lowering, operand(lowering, node, 0), activation(node));
}

/** Lowers Relu. */
export const lowerRelu: Lower = plain(() => ({ kind: "relu" }));
/** Lowers LeakyRelu. */
export const lowerLeakyRelu: Lower = plain((node) => ({
  kind: "leakyRelu",
  alpha: floatAttribute(node, "alpha", Math.fround(0.01)),
}));
/** Lowers HardSwish. */
export const lowerHardSwish: Lower = plain(() => ({ kind: "hardSwish" }));
/** Lowers HardSigmoid. */
export const lowerHardSigmoid: Lower = plain((node) => ({
  kind: "hardSigmoid",
  alpha: floatAttribute(node, "alpha", Math.fround(0.2)),
  beta: floatAttribute(node, "beta", 0.5),
}));
/** Lowers Sigmoid. */
export const lowerSigmoid: Lower = plain(() => ({ kind: "sigmoid" }));
/** Lowers Tanh. */
export const lowerTanh: Lower = plain(() => ({ kind: "tanh" }));
/** Lowers Elu. */
export const lowerElu: Lower = plain((node) => ({
  kind: "elu",
  alpha: floatAttribute(node, "alpha", 1),
}));
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

/** Lowers Clip, whose limits are attributes before operator set 11 and inputs from there on. */
export function lowerClip(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
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

/** Lowers PRelu; slopes that run along several dimensions make max(x, 0) + slope * min(x, 0). */
export function lowerPRelu(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
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
  const zero = constantValue(lowering, { type: "float32", shape: [1], data: Float32Array.of(0) });
  const negative = emitBinary(lowering, "minimum", [input, zero]);
  const sloped = emitBinary(lowering, "multiply", [negative, constantValue(lowering, slope)]);
  return emitBinary(lowering, "add", [emitActivation(lowering, input, { kind: "relu" }), sloped]);
}
