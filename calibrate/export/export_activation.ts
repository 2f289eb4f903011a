/**
 * Activation functions in ONNX.
 *
 * @module
 */

import type { ActivationAttributes, EpilogueAttributes } from "../../runtime/kernels/epilogue.ts";
import type { StepOf } from "../../runtime/kernels/step.ts";
import type { TensorSpec } from "../../runtime/tensor.ts";
import { float, floats } from "../onnx/encode.ts";
import type { OnnxBuilder } from "./onnx_builder.ts";

/** A step that ends in an activation function. */
export type ActivatedStep = StepOf<string, ActivationAttributes | EpilogueAttributes>;

/** Bounds beyond this stand for absent ones. */
const UNBOUNDED = 3e38;

/** The operators that are the functions without parameters. */
const OPERATORS = {
  relu: "Relu",
  hardSwish: "HardSwish",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  erf: "Erf",
  sqrt: "Sqrt",
  reciprocal: "Reciprocal",
  exp: "Exp",
  log: "Log",
  sin: "Sin",
  cos: "Cos",
  tan: "Tan",
  asin: "Asin",
  acos: "Acos",
  atan: "Atan",
  sinh: "Sinh",
  cosh: "Cosh",
  asinh: "Asinh",
  acosh: "Acosh",
  atanh: "Atanh",
  softplus: "Softplus",
  softsign: "Softsign",
  sign: "Sign",
  abs: "Abs",
  floor: "Floor",
  ceil: "Ceil",
  round: "Round",
} as const;

/**
 * Applies a step's activation function to a float value.
 *
 * @param value The value before it.
 * @param step Its function, and its bounds where its result is rounded.
 * @param options The tensor that the step writes; slopes of a PRelu in the value's order of dimensions.
 * @returns The value after it.
 */
export function exportActivation(
  builder: OnnxBuilder,
  value: string,
  step: ActivatedStep,
  options: { output: TensorSpec; slopes?: string },
): string {
  const { activation, activationParameters: [a, b] } = step.attributes;
  const node = (op: string, inputs: string[], attributes = {}) =>
    builder.node(op, `${step.name} ${op}`, inputs, attributes);
  const scalar = (number: number) => builder.constant(`${step.name} constant`, floats([], [number]));
  const number = (truth: string) => node("Cast", [truth], { to: 1 });
  switch (activation) {
    case "identity":
      return clamp(builder, value, step, options.output);
    case "clip":
      return node("Clip", [value, a < -UNBOUNDED ? "" : scalar(a), ...(b > UNBOUNDED ? [] : [scalar(b)])]);
    case "leakyRelu":
      return node("LeakyRelu", [value], { alpha: float(a) });
    case "prelu":
      return node("PRelu", [value, options.slopes!]);
    case "hardSigmoid":
      return node("HardSigmoid", [value], { alpha: float(a), beta: float(b) });
    case "silu":
      return node("Mul", [value, node("Sigmoid", [value])]);
    case "elu":
      return node("Elu", [value], { alpha: float(a) });
    case "gelu": {
      const error = node("Erf", [node("Mul", [value, scalar(Math.SQRT1_2)])]);
      return node("Mul", [node("Mul", [value, scalar(0.5)]), node("Add", [error, scalar(1)])]);
    }
    case "geluTanh": {
      const cube = node("Mul", [node("Mul", [value, value]), value]);
      const inner = node("Add", [value, node("Mul", [cube, scalar(0.044715)])]);
      const tanh = node("Tanh", [node("Mul", [inner, scalar(Math.sqrt(2 / Math.PI))])]);
      return node("Mul", [node("Mul", [value, scalar(0.5)]), node("Add", [tanh, scalar(1)])]);
    }
    case "power":
      return node("Pow", [value, scalar(a)]);
    case "selu":
      return node("Selu", [value], { alpha: float(a), gamma: float(b) });
    case "celu":
      return node("Celu", [value], { alpha: float(a) });
    case "thresholdedRelu":
      return node("ThresholdedRelu", [value], { alpha: float(a) });
    case "shrink":
      return node("Shrink", [value], { lambd: float(a), bias: float(b) });
    case "mish":
      return node("Mul", [value, node("Tanh", [node("Softplus", [value])])]);
    case "truncate":
      return node("Mul", [node("Sign", [value]), node("Floor", [node("Abs", [value])])]);
    case "isInfinite":
      return number(node("IsInf", [value], { detect_positive: a, detect_negative: b }));
    case "isNaN":
      return number(node("IsNaN", [value]));
    case "isZero":
      return number(node("Equal", [value, scalar(0)]));
    case "isNotZero":
      return number(node("Not", [node("Equal", [value, scalar(0)])]));
    default:
      return node(OPERATORS[activation], [value]);
  }
}

/** The ReLU or Clip that bounds of an 8-bit result stand for. */
function clamp(builder: OnnxBuilder, value: string, step: ActivatedStep, output: TensorSpec): string {
  if (output.type === "f32" || !("clamp" in step.attributes)) return value;
  const [low, high] = step.attributes.clamp;
  if (low === 0 && high === 255) return value;
  const { scale, zeroPoint } = output;
  if (low === zeroPoint && high === 255) return builder.node("Relu", `${step.name} Relu`, [value]);
  const bounds = [low, high].map((bound) =>
    builder.constant(`${step.name} bound`, floats([], [(bound - zeroPoint!) * scale!]))
  );
  return builder.node("Clip", `${step.name} Clip`, [value, ...bounds]);
}
