/**
 * ReduceMean, ReduceSum and Softmax.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { intAttribute } from "../attributes.ts";
import { emitBinary, emitReduceMean, emitReshape, emitSoftmax } from "../emit.ts";
import { constantValue, type Lowering, normaliseAxis, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { reductionAxes } from "../shape_arguments.ts";

/** Lowers ReduceMean. */
export function lowerReduceMean(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { axes, keep } = reductionAxes(lowering, node, input.shape.length);
  if (axes.length === 0) return input;
  return dropAxes(lowering, emitReduceMean(lowering, input, axes), keep ? [] : axes);
}

/** Lowers ReduceSum to the mean times the number of elements. */
export function lowerReduceSum(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { axes, keep } = reductionAxes(lowering, node, input.shape.length);
  if (axes.length === 0) return input;
  const count = elementCount(axes.map((axis) => input.shape[axis]));
  const mean = emitReduceMean(lowering, input, axes);
  const factor = constantValue(lowering, {
    type: "float32",
    shape: [1],
    data: Float32Array.of(count),
  });
  return dropAxes(lowering, emitBinary(lowering, "multiply", [mean, factor]), keep ? [] : axes);
}

function dropAxes(lowering: Lowering, value: Value, axes: number[]): Value {
  return emitReshape(lowering, value, value.shape.filter((_, i) => !axes.includes(i)));
}

/** Lowers Softmax, which before operator set 13 runs over all dimensions from its axis on. */
export function lowerSoftmax(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const old = lowering.opset < 13;
  const axis = normaliseAxis(intAttribute(node, "axis", old ? 1 : -1), input.shape.length, node);
  const rest = elementCount(input.shape.slice(axis + 1));
  if (!old || rest === 1) return emitSoftmax(lowering, input, axis);
  const rows = elementCount(input.shape.slice(0, axis));
  const flat = emitReshape(lowering, input, [rows, input.shape[axis] * rest]);
  return emitReshape(lowering, emitSoftmax(lowering, flat, 1), input.shape);
}
