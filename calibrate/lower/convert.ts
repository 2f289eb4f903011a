/**
 * Conversions between the forms of values.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { Form } from "../graph/form.ts";
import type { LowerContext } from "./context.ts";

/** Converts a value to the form that is asked for from the other one. */
export function lowerConvert(context: LowerContext, value: string, form: Form): void {
  const step = {
    name: value,
    inputs: [context.place(value, form === "u8" ? "f32" : "u8")],
    output: context.create(value, form),
    constants: [],
  };
  const dimensions = [1, elementCount(context.shape(value)), 1];
  context.builder.step(
    form === "u8"
      ? { ...step, kernel: "quantize", attributes: { dimensions, transposed: 0 } }
      : { ...step, kernel: "dequantize", attributes: {} },
  );
}
