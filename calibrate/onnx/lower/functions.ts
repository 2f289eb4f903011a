/**
 * Element-wise functions of one value that the kernels have as such.
 *
 * @module
 */

import type { Activation } from "../../../runtime/activation.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { emitActivation } from "../emit.ts";
import { anyOperand, type Lower } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** Lowers an operator to a function. */
function of(activation: Activation | ((node: OnnxNode) => Activation)): Lower {
  const make = typeof activation === "function" ? activation : () => activation;
  return (lowering, node) => emitActivation(lowering, anyOperand(lowering, node, 0), make(node));
}

/** How the operators that are a function of one value are lowered. */
export const FUNCTIONS = {
  Abs: of({ kind: "abs" }),
  Acos: of({ kind: "acos" }),
  Acosh: of({ kind: "acosh" }),
  Asin: of({ kind: "asin" }),
  Asinh: of({ kind: "asinh" }),
  Atan: of({ kind: "atan" }),
  Atanh: of({ kind: "atanh" }),
  Ceil: of({ kind: "ceil" }),
  Celu: of((node) => ({ kind: "celu", alpha: floatAttribute(node, "alpha", 1) })),
  Cos: of({ kind: "cos" }),
  Cosh: of({ kind: "cosh" }),
  Elu: of((node) => ({ kind: "elu", alpha: floatAttribute(node, "alpha", 1) })),
  Erf: of({ kind: "erf" }),
  Exp: of({ kind: "exp" }),
  Floor: of({ kind: "floor" }),
  HardSigmoid: of((node) => ({
    kind: "hardSigmoid",
    alpha: floatAttribute(node, "alpha", Math.fround(0.2)),
    beta: floatAttribute(node, "beta", 0.5),
  })),
  HardSwish: of({ kind: "hardSwish" }),
  IsInf: of((node) => ({
    kind: "isInfinite",
    positive: intAttribute(node, "detect_positive", 1) !== 0,
    negative: intAttribute(node, "detect_negative", 1) !== 0,
  })),
  IsNaN: of({ kind: "isNaN" }),
  LeakyRelu: of((node) => ({ kind: "leakyRelu", alpha: floatAttribute(node, "alpha", Math.fround(0.01)) })),
  Log: of({ kind: "log" }),
  Mish: of({ kind: "mish" }),
  Not: of({ kind: "isZero" }),
  Reciprocal: of({ kind: "reciprocal" }),
  Relu: of({ kind: "relu" }),
  Round: of({ kind: "round" }),
  Selu: of((node) => ({
    kind: "selu",
    alpha: floatAttribute(node, "alpha", Math.fround(1.67326319217681884765625)),
    gamma: floatAttribute(node, "gamma", Math.fround(1.05070102214813232421875)),
  })),
  Shrink: of((node) => ({
    kind: "shrink",
    lambda: floatAttribute(node, "lambd", 0.5),
    bias: floatAttribute(node, "bias", 0),
  })),
  Sigmoid: of({ kind: "sigmoid" }),
  Sign: of({ kind: "sign" }),
  Sin: of({ kind: "sin" }),
  Sinh: of({ kind: "sinh" }),
  Softplus: of({ kind: "softplus" }),
  Softsign: of({ kind: "softsign" }),
  Sqrt: of({ kind: "sqrt" }),
  Tan: of({ kind: "tan" }),
  Tanh: of({ kind: "tanh" }),
  ThresholdedRelu: of((node) => ({ kind: "thresholdedRelu", alpha: floatAttribute(node, "alpha", 1) })),
} as const;
