/**
 * Reductions in ONNX.
 *
 * @module
 */

import type { Step } from "../../runtime/kernels/registry.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";
import { ints } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";

/** The operators of reductions whose results are of the inputs' type. */
const OPERATORS = {
  product: "ReduceProd",
  maximum: "ReduceMax",
  minimum: "ReduceMin",
  l1: "ReduceL1",
  l2: "ReduceL2",
  sumSquares: "ReduceSumSquare",
  logSum: "ReduceLogSum",
  logSumExp: "ReduceLogSumExp",
} satisfies Partial<Record<Reduction, string>>;

/** Exports a reduction of one of three dimensions. */
export function exportReduce({ builder, values }: ExportContext, step: Step<"reduce_f32">): void {
  const { dimensions, function: reduction } = step.attributes;
  const node = (operator: string, inputs: string[], attributes = {}) =>
    builder.node(operator, `${step.name} ${operator}`, inputs, attributes);
  const input = values.read(step.inputs[0], { order: "stored", float: true, shape: dimensions });
  const place = (operator: string, last: number) =>
    node("Cast", [node(operator, [input], { axis: 1, select_last_index: last })], { to: 1 });
  const made = (): string => {
    switch (reduction) {
      case "sum":
        return node("ReduceSum", [input, builder.constant(`${step.name} axes`, ints([1]))]);
      case "meanSquares":
        return node("ReduceMean", [node("Mul", [input, input])], { axes: [1] });
      case "firstMaximum":
        return place("ArgMax", 0);
      case "lastMaximum":
        return place("ArgMax", 1);
      case "firstMinimum":
        return place("ArgMin", 0);
      case "lastMinimum":
        return place("ArgMin", 1);
      default:
        return node(OPERATORS[reduction], [input], { axes: [1] });
    }
  };
  const [outer, , inner] = dimensions;
  values.write(step.output, { order: "stored", float: true, shape: [outer, 1, inner] }, made());
}
