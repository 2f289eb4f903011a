/**
 * Element types of what nodes of the graph make. All values are held as
 * float32; the type of integers and booleans settles what operators mean.
 *
 * @module
 */

import type { ActivationKind } from "../../runtime/activation.ts";
import type { BinaryOperation } from "../../runtime/kernels/binary.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";
import type { ElementType, Node, Value } from "../graph/graph.ts";
import type { NodeFields } from "../operators/operator.ts";
import { operatorOf } from "../operators/operators.ts";
import { isFloatType, type TensorType } from "./tensor.ts";

/** Functions whose results are 0 or 1. */
const QUESTIONS: ReadonlySet<ActivationKind | BinaryOperation> = new Set([
  ...["isNaN", "isInfinite", "isZero", "isNotZero"] as const,
  ...["equal", "less", "lessOrEqual", "notEqual"] as const,
]);

/** Reductions whose results are indices. */
const GIVE_INDICES: ReadonlySet<Reduction> = new Set(
  ["firstMaximum", "lastMaximum", "firstMinimum", "lastMinimum"] as const,
);

/** The type of what a node makes of values of some types. */
export function resultType(fields: NodeFields, inputs: readonly Value[]): ElementType {
  if (fields.op === "select") return inputs[1].type;
  if (fields.op === "activation") return QUESTIONS.has(fields.activation.kind) ? "bool" : inputs[0].type;
  if (fields.op === "binary") return QUESTIONS.has(fields.operation) ? "bool" : inputs[0].type;
  if (fields.op === "reduce") return GIVE_INDICES.has(fields.function) ? "int64" : inputs[0].type;
  if (fields.op === "cumulativeSum") return inputs[0].type;
  if (fields.op === "topIndices") return "int64";
  if (fields.op === "gather") return fields.table ? "float32" : inputs[0].type;
  const { origin } = operatorOf(fields).content(fields as Node);
  return origin === "computed" || origin === "mixed" ? "float32" : inputs[0].type;
}

/** The type of a value that holds the elements of a tensor. */
export function valueType(type: TensorType): ElementType {
  if (isFloatType(type)) return "float32";
  return type === "bool" || type === "int32" ? type : "int64";
}

/** Whether elements of a type are integers. */
export function isInteger(type: ElementType): boolean {
  return type !== "float32" && type !== "bool";
}
