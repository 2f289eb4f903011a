/**
 * Matrix products of two values.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { MatMulNode } from "../graph/graph.ts";
import { placeInSourceOrder } from "../graph/relayout.ts";
import { broadcastShapes, type Shape } from "../graph/shape.ts";
import { expand, expansionWalk, walkLimits } from "../lower/copy.ts";
import { checkNothing, FLOAT_OPERATOR, type Operator } from "./operator.ts";
import { broadcastPlace } from "./samples.ts";

/** A matrix product of two values. */
export const matMul: Operator<MatMulNode> = {
  ...FLOAT_OPERATOR,
  shape(_, [a, b]) {
    const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    if (batch === undefined) return `cannot broadcast [${a}] with [${b}]`;
    const fits = a.length >= 2 && b.length >= 2 && a.at(-1) === b.at(-2);
    return fits ? [...batch, a.at(-2)!, b.at(-1)!] : `cannot multiply [${a}] by [${b}]`;
  },
  samples(_, [a, b], { inputs: [left, right], output }) {
    const meets = "it multiplies samples with each other";
    const [rows, columns] = [a?.axis === left.length - 2, b?.axis === right.length - 1];
    if (a?.axis === left.length - 1 || b?.axis === right.length - 2 || (rows && b) || (columns && a)) return meets;
    if (rows) return { ...a!, axis: output.length - 2 };
    if (columns) return { ...b!, axis: output.length - 1 };
    return broadcastPlace([a, b], [left.slice(0, -2), right.slice(0, -2)], output.length - 2);
  },
  check: checkNothing,
  relayout: placeInSourceOrder,
  describe: (_, { inputs: [a], output }) => ({
    kind: "matrix product",
    parameters: 0,
    multiplyAdds: elementCount(output) * a.at(-1)!,
  }),
  limits(_, { inputs, output }) {
    const sides = [...inputs[0].slice(-2), ...inputs[1].slice(-2), batchOf(output)];
    if (sides.some((length) => length > LARGEST_SIDE)) return `has a side or batch beyond ${LARGEST_SIDE}`;
    return inputs.map((shape) =>
      isPartial(shape, output) ? walkLimits(expansionWalk(shape, wholeShape(shape, output))) : undefined
    )
      .find((reason) => reason !== undefined);
  },
  lower(context, node) {
    const [a, b, output] = [...node.inputs, node.output].map((value) => context.shape(value));
    const batch = batchOf(output);
    const inputs = node.inputs.map((value, i) => {
      const shape = [a, b][i];
      if (!isPartial(shape, output)) return context.place(value, "f32");
      return expand(context, node.name, { value, form: "f32", shape: wholeShape(shape, output) });
    });
    const batchStrides = [a, b].map((shape) => batchOf(shape) === 1 ? 0 : shape.at(-2)! * shape.at(-1)!);
    context.builder.step({
      kernel: "matmul_f32",
      name: node.name,
      inputs,
      output: context.create(node.output, "f32"),
      constants: [],
      attributes: { dimensions: [batch, a.at(-2)!, a.at(-1)!, b.at(-1)!], batchStrides },
    });
  },
};

/** Largest side of a matrix, and most matrices of a batch. */
const LARGEST_SIDE = 2 ** 24;

/** Number of matrices of a value. */
function batchOf(shape: Shape): number {
  return elementCount(shape.slice(0, -2));
}

/** Whether an operand holds several matrices, but not one for each of the result: the kernel takes one or all. */
function isPartial(shape: Shape, output: Shape): boolean {
  return batchOf(shape) !== 1 && batchOf(shape) !== batchOf(output);
}

/** Shape of an operand with a matrix for each of the result. */
function wholeShape(shape: Shape, output: Shape): number[] {
  return [...output.slice(0, -2), ...shape.slice(-2)];
}
