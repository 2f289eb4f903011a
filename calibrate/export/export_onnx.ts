/**
 * Export of bundles as quantised ONNX files.
 *
 * @module
 */

import type { Bundle } from "../../runtime/bundle/read.ts";
import { constantElements } from "../../runtime/bundle/constant_elements.ts";
import type { Program } from "../../runtime/program.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import { writeOnnx } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";
import {
  exportActivationStep,
  exportBinary,
  exportDequantize,
  exportLookup,
  exportMatMul,
  exportQuantize,
  exportSoftmax,
} from "./export_elementwise.ts";
import { exportLayer } from "./export_layer.ts";
import { exportConstant, exportMovement } from "./export_movement.ts";
import { exportPool, exportResize } from "./export_pool.ts";
import { createOnnxBuilder } from "./onnx_builder.ts";
import { createValues } from "./values.ts";

/**
 * Writes a bundle's network as an ONNX file of QuantizeLinear and
 * DequantizeLinear around float operators (opset 17), weights per channel.
 *
 * The integers, scales and zero points are those of the bundle. The batch is free
 * where it is there, unless the network joins a constant to its values. Preprocessing and labels go along as metadata
 * `octet.preprocessing` and `octet.labels`, in JSON, the kind of the first output as `octet.outputKind`.
 *
 * @param bundle A bundle that was read and checked.
 * @returns The bytes of the file.
 * @throws {TypeError} Where a step has no form in ONNX.
 */
export function exportOnnx({ program, data }: Bundle): Uint8Array {
  const builder = createOnnxBuilder([...program.inputs, ...program.outputs].map(({ name }) => name));
  const batched = isBatched(program);
  const values = createValues(program, builder, batched);
  const context: ExportContext = {
    program,
    builder,
    values,
    constant: (step, position) => constantElements(program.constants[step.constants[position]], data),
  };
  for (const { tensor, name } of program.inputs) values.write(tensor, { order: "stored", float: true }, name);
  for (const [index, step] of program.steps.entries()) exportStep(context, step, index);
  for (const { tensor, name, shape } of program.outputs) {
    const value = values.read(tensor, { order: "stored", float: true });
    builder.nodes.push({
      op: "Identity",
      name,
      inputs: [values.reshape(value, shape)],
      outputs: [name],
    });
  }
  const shapes = (ports: Program["inputs"]) =>
    Object.fromEntries(ports.map(({ name, shape }) => [name, batched ? ["batch", ...shape.slice(1)] : shape]));
  return writeOnnx({
    name: program.name,
    inputs: shapes(program.inputs),
    outputs: program.outputs.map(({ name }) => name),
    outputShapes: shapes(program.outputs),
    constants: builder.constants,
    nodes: builder.nodes,
    metadata: {
      ...(program.preprocessing && { "octet.preprocessing": JSON.stringify(program.preprocessing) }),
      "octet.outputKind": program.outputKind ?? "logits",
      ...(program.labels && { "octet.labels": JSON.stringify(program.labels) }),
    },
  });
}

/** Whether the file takes any number of samples: a constant that is joined to values stands there once. */
function isBatched({ inputs, outputs, steps }: Program): boolean {
  const constants = new Set(steps.filter(({ kernel }) => kernel === "constant").map(({ output }) => output));
  return [...inputs, ...outputs].every((port) => port.batched) &&
    !steps.some((step) => step.kernel === "copy" && constants.has(step.inputs[0]));
}

function exportStep(context: ExportContext, step: Step, index: number): void {
  switch (step.kernel) {
    case "convolution_u8":
    case "convolution_f32":
    case "depthwise_u8":
    case "depthwise_f32":
      return exportLayer(context, step);
    case "binary_u8":
    case "binary_f32":
      return exportBinary(context, step);
    case "activation_f32":
      return exportActivationStep(context, step);
    case "lookup":
      return exportLookup(context, step);
    case "quantize":
      return exportQuantize(context, step);
    case "dequantize":
      return exportDequantize(context, step);
    case "matmul_f32":
      return exportMatMul(context, step);
    case "softmax_f32":
      return exportSoftmax(context, step);
    case "resize_u8":
    case "resize_f32":
      return exportResize(context, step);
    case "max_pool_u8":
    case "max_pool_f32":
    case "average_pool_u8":
    case "average_pool_f32":
      return exportPool(context, step);
    case "constant":
      return exportConstant(context, step);
    case "copy":
    case "fill": {
      // A tensor may be written in parts: all of them at the last one.
      const writers = context.program.steps.filter((other) => other.output === step.output);
      if (context.program.steps[index] !== writers[writers.length - 1]) return;
      return exportMovement(context, writers.filter((other) => other.kernel === "copy" || other.kernel === "fill"));
    }
  }
}
