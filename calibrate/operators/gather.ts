/**
 * Rows by their indices.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { GatherNode } from "../graph/graph.ts";
import { placeInSourceOrder } from "../graph/relayout.ts";
import { sameShape } from "../graph/shape.ts";
import { describeAs, FLOAT_OPERATOR, noLimits, type Operator } from "./operator.ts";

/** Rows by their indices. */
export const gather: Operator<GatherNode> = {
  ...FLOAT_OPERATOR,
  shape({ table, rows, batched }, inputs) {
    const indices = inputs[inputs.length - 1];
    const own = table ? rows : inputs[0];
    const fits = sameShape(own, rows) && indices.length === (batched ? 2 : 1) && (!batched || indices[0] === rows[0]);
    return fits ? [rows[0], indices.at(-1)!, rows[2]] : `cannot choose rows of [${own}] by indices [${indices}]`;
  },
  samples({ table, batched }, places) {
    const [data, indices] = table ? [undefined, places[0]] : places;
    if (data?.axis === 1) return "it chooses among samples";
    if (batched) {
      const both = data && indices && data.axis === 0 && indices.axis === 0 && data.outer === indices.outer;
      return both ? data : "it chooses from one sample for another";
    }
    if (data && indices) return "it chooses from one sample for another";
    return data ?? { axis: 1, outer: indices!.outer };
  },
  check: ({ table, rows }) =>
    table && table.length !== elementCount(rows) ? `has a table of ${table.length} elements for [${rows}]` : undefined,
  relayout: placeInSourceOrder,
  describe: ({ table }) => ({ ...describeAs("gather")(), parameters: table?.length ?? 0 }),
  limits: noLimits,
  lower(context, node) {
    const { builder } = context;
    const [outer, length, inner] = node.rows;
    builder.step({
      kernel: "gather_f32",
      name: node.name,
      inputs: node.inputs.map((input) => context.place(input, "f32")),
      output: context.create(node.output, "f32"),
      constants: node.table ? [builder.constant(node.table)] : [],
      attributes: {
        dimensions: [outer, length, context.shape(node.output)[1], inner],
        batched: Number(node.batched),
      },
    });
  },
};
