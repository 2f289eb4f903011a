/**
 * Rows by their indices in ONNX.
 *
 * @module
 */

import type { Step } from "../../runtime/kernels/registry.ts";
import { floats } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";

/** ONNX's code of int64. */
const INT64 = 7;

/** Exports a choice of rows: Gather, or GatherND where each outer position has indices of its own. */
export function exportGather(context: ExportContext, step: Step<"gather_f32">): void {
  const { builder, values } = context;
  const { dimensions: [outer, length, count, inner], batched } = step.attributes;
  const shape = [outer, length, inner];
  const rows = step.constants.length > 0
    ? builder.constant(`${step.name} rows`, floats(shape, context.constant(step, 0) as Float32Array))
    : values.read(step.inputs[0], { order: "stored", float: true, shape });
  const form = { order: "stored", float: true, shape: batched === 1 ? [outer, count, 1] : [count] } as const;
  const read = values.read(step.inputs[step.inputs.length - 1], form);
  const indices = builder.node("Cast", `${step.name} indices`, [read], { to: INT64 });
  const result = batched === 1
    ? builder.node("GatherND", step.name, [rows, indices], { batch_dims: 1 })
    : builder.node("Gather", step.name, [rows, indices], { axis: 1 });
  values.write(step.output, { order: "stored", float: true, shape: [outer, count, inner] }, result);
}
