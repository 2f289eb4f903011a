/**
 * Pooling and resampling in ONNX.
 *
 * @module
 */

import type { Step } from "../../runtime/kernels/registry.ts";
import { floats, ints } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";

/** A maximum or average over windows. */
type PoolStep = Step<"max_pool_u8" | "max_pool_f32" | "average_pool_u8" | "average_pool_f32">;

/** Exports a maximum or average over windows. */
export function exportPool({ builder, values }: ExportContext, step: PoolStep): void {
  const { input, output, kernel, stride: strides, dilation: dilations, pads, countIncludePad } = step.attributes;
  const form = { order: "channels first", float: true } as const;
  const x = values.read(step.inputs[0], { ...form, shape: input });
  const average = step.kernel.startsWith("average");
  const whole = output[1] * output[2] === 1 && kernel[0] === input[1] && kernel[1] === input[2] &&
    pads.every((pad) => pad === 0);
  const overhangs = [0, 1].some((axis) => {
    const padded = input[1 + axis] + pads[axis] + pads[2 + axis];
    return (output[1 + axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 > padded;
  });
  const attributes = {
    kernel_shape: [...kernel],
    strides: [...strides],
    pads: [...pads],
    ...(overhangs && { ceil_mode: 1 }),
    ...(dilations.some((dilation) => dilation > 1) && { dilations: [...dilations] }),
    ...(average && { count_include_pad: countIncludePad }),
  };
  const operator = average ? "AveragePool" : "MaxPool";
  const result = whole
    ? builder.node(`Global${operator}`, step.name, [x])
    : builder.node(operator, step.name, [x], attributes);
  values.write(step.output, { ...form, shape: output }, result);
}

/** Exports resampling as gathered rows and columns, weighted where it is linear. */
export function exportResize(
  { builder, values, constant }: ExportContext,
  step: Step<"resize_u8" | "resize_f32">,
): void {
  const { input, output } = step.attributes;
  const linear = step.attributes.linear === 1;
  const form = { order: "stored", float: linear } as const;
  let value = values.read(step.inputs[0], { ...form, shape: input });
  // Columns before rows, as the kernel sums.
  for (const axis of [2, 1]) {
    const table = constant(step, axis - 1) as Int32Array;
    const weights = new Float32Array(table.buffer, table.byteOffset, table.length);
    const every = (offset: number) => Array.from({ length: table.length / 3 }, (_, index) => 3 * index + offset);
    const gather = (offset: number) => {
      const indices = builder.constant(`${step.name} indices`, ints(every(offset).map((index) => table[index])));
      return builder.node("Gather", `${step.name} gathered`, [value, indices], { axis });
    };
    if (!linear) {
      value = gather(0);
      continue;
    }
    const shape = [0, 1, 2, 3].map((other) => other === axis ? output[axis] : 1);
    const second = every(2).map((index) => weights[index]);
    const weighted = [second.map((weight) => 1 - weight), second].map((factors, offset) => {
      const factor = builder.constant(`${step.name} weights`, floats(shape, factors));
      return builder.node("Mul", `${step.name} weighted`, [gather(offset), factor]);
    });
    value = builder.node("Add", `${step.name} sum`, weighted);
  }
  values.write(step.output, { ...form, shape: output }, value);
}
