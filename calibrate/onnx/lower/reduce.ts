/**
 * Reductions, and what is made of rows by them.
 *
 * @module
 */

import type { Reduction } from "../../../runtime/kernels/reduce.ts";
import { elementCount } from "../../../runtime/tensor.ts";
import type { Value } from "../../graph/graph.ts";
import { intAttribute } from "../attributes.ts";
import { UnsupportedReason } from "../errors.ts";
import { emitBinary, emitReduce, emitReduceMean, emitReshape, emitSoftmax } from "../emit.ts";
import { anyOperand, constantValue, type Lower, type Lowering, normaliseAxis, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { isInteger } from "../result_type.ts";
import { reductionAxes } from "../shape_arguments.ts";

/** Lowers a reduction that the kernels have as such; one over no axes is of each number alone. */
function reduction(kind: Reduction): Lower {
  return (lowering, node) => {
    const input = anyOperand(lowering, node, 0);
    const { axes, keep } = reductionAxes(lowering, node, input.shape.length);
    if (axes.length > 0) return dropAxes(lowering, emitReduce(lowering, input, axes, kind), keep ? [] : axes);
    // A dimension of length 1 stands for the numbers alone.
    const single = emitReshape(lowering, input, [...input.shape, 1]);
    return dropAxes(lowering, emitReduce(lowering, single, [input.shape.length], kind), [input.shape.length]);
  };
}

/** Lowers ArgMax or ArgMin: the first or last index along one axis. */
function place([first, last]: [Reduction, Reduction]): Lower {
  return (lowering, node) => {
    const input = anyOperand(lowering, node, 0);
    const axis = normaliseAxis(intAttribute(node, "axis", 0), input.shape.length, node);
    const index = emitReduce(lowering, input, [axis], intAttribute(node, "select_last_index", 0) === 0 ? first : last);
    return dropAxes(lowering, index, intAttribute(node, "keepdims", 1) === 0 ? [axis] : []);
  };
}

/** How the reductions that the kernels have as such are lowered. */
export const REDUCTIONS = {
  ArgMax: place(["firstMaximum", "lastMaximum"]),
  ArgMin: place(["firstMinimum", "lastMinimum"]),
  ReduceL1: reduction("l1"),
  ReduceL2: reduction("l2"),
  ReduceLogSum: reduction("logSum"),
  ReduceLogSumExp: reduction("logSumExp"),
  ReduceMax: reduction("maximum"),
  ReduceMin: reduction("minimum"),
  ReduceProd: reduction("product"),
  ReduceSumSquare: reduction("sumSquares"),
} as const;

/** Lowers ReduceMean; that of squares is one reduction, which 8 bits would not do justice to. */
export function lowerReduceMean(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { axes, keep } = reductionAxes(lowering, node, input.shape.length);
  if (axes.length === 0) return input;
  if (isInteger(input.type)) throw new UnsupportedReason("it takes the mean of integers");
  const root = squareRootOf(lowering, input);
  if (root) return dropAxes(lowering, emitReduce(lowering, root, axes, "meanSquares"), keep ? [] : axes);
  return dropAxes(lowering, emitReduceMean(lowering, input, axes), keep ? [] : axes);
}

/** Lowers ReduceSum to the mean times the number of elements. */
export function lowerReduceSum(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { axes, keep } = reductionAxes(lowering, node, input.shape.length);
  if (axes.length === 0) return input;
  if (isInteger(input.type)) return dropAxes(lowering, emitReduce(lowering, input, axes, "sum"), keep ? [] : axes);
  const count = elementCount(axes.map((axis) => input.shape[axis]));
  const mean = emitReduceMean(lowering, input, axes);
  const factor = constantValue(lowering, {
    type: "float32",
    shape: [1],
    data: Float32Array.of(count),
  });
  return dropAxes(lowering, emitBinary(lowering, "multiply", [mean, factor]), keep ? [] : axes);
}

/** How many nodes back a square is sought: exporters write it right before its mean. */
const NEAR = 8;

/** The value that a value is the square of, where a node right before says so. */
function squareRootOf({ nodes, values }: Lowering, square: Value): Value | undefined {
  const maker = nodes.slice(-NEAR).find(({ output }) => output === square.name);
  const isSquare = maker?.op === "binary" && maker.operation === "multiply" && maker.inputs[0] === maker.inputs[1];
  return isSquare ? values.get(maker.inputs[0]) : undefined;
}

function dropAxes(lowering: Lowering, value: Value, axes: number[]): Value {
  return emitReshape(lowering, value, value.shape.filter((_, i) => !axes.includes(i)));
}

/** Lowers what is made of rows, which before operator set 13 are all dimensions from an axis on. */
function rows(make: (lowering: Lowering, input: Value, axis: number) => Value): Lower {
  return (lowering, node) => lowerRows(lowering, node, make);
}

/** Lowers Softmax. */
export const lowerSoftmax: Lower = rows(emitSoftmax);

/** Lowers LogSoftmax: each number less the greatest, and less the logarithm of the sum of the exponentials of those. */
export const lowerLogSoftmax: Lower = rows((lowering, input, axis) => {
  const greatest = emitReduce(lowering, input, [axis], "maximum");
  const distance = emitBinary(lowering, "subtract", [input, greatest]);
  return emitBinary(lowering, "subtract", [distance, emitReduce(lowering, distance, [axis], "logSumExp")]);
});

/** Lowers Hardmax: 1 at the first of the greatest numbers, else 0. */
export const lowerHardmax: Lower = rows((lowering, input, axis) => {
  const shape = input.shape.map((length, i) => i === axis ? length : 1);
  const data = Float32Array.from({ length: input.shape[axis] }, (_, i) => i);
  const places = constantValue(lowering, { type: "float32", shape, data });
  const first = emitReduce(lowering, input, [axis], "firstMaximum");
  const result = emitBinary(lowering, "equal", [first, places]);
  result.type = "float32";
  return result;
});

function lowerRows(
  lowering: Lowering,
  node: OnnxNode,
  make: (lowering: Lowering, input: Value, axis: number) => Value,
): Value {
  const input = operand(lowering, node, 0);
  const old = lowering.opset < 13;
  const axis = normaliseAxis(intAttribute(node, "axis", old ? 1 : -1), input.shape.length, node);
  const rest = elementCount(input.shape.slice(axis + 1));
  if (!old || rest === 1) return make(lowering, input, axis);
  const rows = elementCount(input.shape.slice(0, axis));
  const flat = emitReshape(lowering, input, [rows, input.shape[axis] * rest]);
  return emitReshape(lowering, make(lowering, flat, 1), input.shape);
}
