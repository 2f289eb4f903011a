/**
 * Running sums and the places of the greatest numbers in ONNX.
 *
 * @module
 */

import type { Step } from "../../runtime/kernels/registry.ts";
import { ints } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";

/** Exports running sums along one of three dimensions. */
export function exportCumulativeSum({ builder, values }: ExportContext, step: Step<"cumulative_sum_f32">): void {
  const { dimensions: shape, exclusive, reverse } = step.attributes;
  const form = { order: "stored", float: true, shape } as const;
  const axis = builder.constant(`${step.name} axis`, ints([1], []));
  const inputs = [values.read(step.inputs[0], form), axis];
  values.write(step.output, form, builder.node("CumSum", step.name, inputs, { exclusive, reverse }));
}

/** Exports the places of the greatest numbers of rows. */
export function exportTopIndices({ builder, values }: ExportContext, step: Step<"top_indices_f32">): void {
  const { dimensions: [rows, length, count], smallest } = step.attributes;
  const input = values.read(step.inputs[0], { order: "stored", float: true, shape: [rows, length] });
  const number = builder.constant(`${step.name} count`, ints([count]));
  const [numbers, indices] = ["numbers", "indices"].map((word) => builder.name(`${step.name} ${word}`));
  builder.nodes.push({
    op: "TopK",
    name: step.name,
    inputs: [input, number],
    outputs: [numbers, indices],
    attributes: { axis: 1, largest: 1 - smallest },
  });
  const floats = builder.node("Cast", `${step.name} floats`, [indices], { to: 1 });
  values.write(step.output, { order: "stored", float: true, shape: [rows, count] }, floats);
}
