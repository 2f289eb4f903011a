/**
 * Lowering of matrix products of activations and of softmax.
 *
 * @module
 */

import type { MatMulNode, SoftmaxNode } from "../graph/graph.ts";
import type { LowerContext } from "./context.ts";
import { stridesOf } from "../graph/shape.ts";
import { copy } from "./lower_movement.ts";

/** Lowers a product of two values. */
export function lowerMatMul(context: LowerContext, node: MatMulNode): void {
  const [a, b, output] = [...node.inputs, node.output].map((value) => context.shape(value));
  const [m, k] = a.slice(-2);
  const n = b[b.length - 1];
  const count = (shape: readonly number[]) => shape.slice(0, -2).reduce((product, length) => product * length, 1);
  const batch = count(output);
  const batchStrides = [[a, m * k], [b, k * n]].map(([shape, size]) => {
    const own = count(shape as number[]);
    if (own !== 1 && own !== batch) {
      throw new TypeError(`Node "${node.name}" broadcasts a part of its batch dimensions`);
    }
    return own === 1 ? 0 : size as number;
  });
  context.builder.step({
    kernel: "matmul_f32",
    name: node.name,
    inputs: node.inputs.map((input) => context.place(input, "f32")),
    output: context.create(node.output, "f32"),
    constants: [],
    attributes: { dimensions: [batch, m, k, n], batchStrides },
  });
}

/** Lowers softmax; another axis than the last is brought there and back. */
export function lowerSoftmax(context: LowerContext, node: SoftmaxNode): void {
  const shape = context.shape(node.output);
  const { builder } = context;
  const columns = shape[node.axis];
  const rows = shape.reduce((product, length) => product * length, 1) / columns;
  const attributes = { dimensions: [rows, columns] };
  const input = context.place(node.inputs[0], "f32");
  if (node.axis === shape.length - 1) {
    const output = context.create(node.output, "f32");
    builder.step({ kernel: "softmax_f32", name: node.name, inputs: [input], output, constants: [], attributes });
    return;
  }
  const order = [...shape.keys()].filter((axis) => axis !== node.axis).concat(node.axis);
  const turned = order.map((axis) => shape[axis]);
  const [before, after] = ["turned", "softmax"].map((word) => builder.tensor(`${node.output} ${word}`, "f32", turned));
  const strides = order.map((axis) => stridesOf(shape)[axis]);
  const there = { dimensions: turned, inputStrides: strides, outputStrides: stridesOf(turned) };
  copy(context, { name: node.name, input, output: before }, there);
  builder.step({ kernel: "softmax_f32", name: node.name, inputs: [before], output: after, constants: [], attributes });
  const back = { dimensions: turned, inputStrides: stridesOf(turned), outputStrides: strides };
  copy(context, { name: node.name, input: after, output: context.create(node.output, "f32") }, back);
}
