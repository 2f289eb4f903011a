/**
 * Lowering of conversions between the forms and of activation functions on
 * their own.
 *
 * @module
 */

import type { Form } from "../graph/form.ts";
import type { ActivationNode } from "../graph/graph.ts";
import { activationTable } from "./activation_table.ts";
import type { LowerContext } from "./context.ts";
import { activationAttributes } from "./lower_layer.ts";

/** Converts a value to the form that is asked for from the other one. */
export function lowerConvert(context: LowerContext, value: string, form: Form): void {
  const count = context.shape(value).reduce((product, length) => product * length, 1);
  const step = {
    name: value,
    inputs: [context.place(value, form === "u8" ? "f32" : "u8")],
    output: context.create(value, form),
    constants: [],
  };
  context.builder.step(
    form === "u8"
      ? { ...step, kernel: "quantize", attributes: { dimensions: [1, count, 1], transposed: 0 } }
      : { ...step, kernel: "dequantize", attributes: {} },
  );
}

/** Lowers an activation function that no producer could take in. */
export function lowerActivation(context: LowerContext, node: ActivationNode): void {
  const form = context.forms.computed.get(node.output)!;
  const inputs = [context.place(node.inputs[0], form)];
  const output = context.create(node.output, form);
  const { builder, plan } = context;
  if (form === "u8") {
    const [from, to] = [plan!.values.get(node.inputs[0])!, plan!.values.get(node.output)!];
    const table = builder.constant(activationTable(node.activation, from, to));
    builder.step({ kernel: "lookup", name: node.name, inputs, output, constants: [table], attributes: {} });
    return;
  }
  const slopes = node.activation.kind === "prelu" ? [builder.constant(node.slopes!)] : [];
  const attributes = activationAttributes(node.activation);
  builder.step({ kernel: "activation_f32", name: node.name, inputs, output, constants: slopes, attributes });
}
