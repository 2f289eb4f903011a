/**
 * Export of bundles as quantised ONNX files.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { constantElements } from "../../runtime/bundle/constant_elements.ts";
import { partsOfSum } from "../../runtime/kernels/convolution_sum.ts";
import type { Kernel, Step } from "../../runtime/kernels/registry.ts";
import type { Program, ProgramData } from "../../runtime/program.ts";
import { writeOnnx } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";
import {
  exportActivationStep,
  exportBinary,
  exportDequantize,
  exportLayerNormalization,
  exportLookup,
  exportMatMul,
  exportQuantize,
  exportSelect,
  exportSoftmax,
} from "./export_elementwise.ts";
import { exportGather } from "./export_gather.ts";
import { exportCumulativeSum, exportTopIndices } from "./export_order.ts";
import { exportReduce } from "./export_reduce.ts";
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
 * @param parts A checked program with its constants.
 * @returns The bytes of the file.
 * @throws {TypeError} Where a step has no form in ONNX.
 */
export function exportOnnx({ program, data }: ProgramData): Uint8Array {
  if (program.free) {
    throw new InputError("A network with free sizes cannot be exported: fix them, --dimension NAME=LENGTH");
  }
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
  for (const step of program.steps) exportStep(context, step);
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

/** How the steps of each kernel are exported. */
type Exporters = { readonly [K in Kernel]: (context: ExportContext, step: Step<K>) => void };

const EXPORTERS: Exporters = {
  convolution_u8: exportLayer,
  convolution_sum_u8: exportLayerAndSum,
  convolution_f32: exportLayer,
  depthwise_u8: exportLayer,
  depthwise_f32: exportLayer,
  binary_u8: exportBinary,
  binary_f32: exportBinary,
  select_f32: exportSelect,
  reduce_f32: exportReduce,
  gather_f32: exportGather,
  cumulative_sum_f32: exportCumulativeSum,
  top_indices_f32: exportTopIndices,
  activation_f32: exportActivationStep,
  lookup: exportLookup,
  quantize: exportQuantize,
  dequantize: exportDequantize,
  matmul_f32: exportMatMul,
  softmax_f32: exportSoftmax,
  layer_normalization_f32: exportLayerNormalization,
  resize_u8: exportResize,
  resize_f32: exportResize,
  max_pool_u8: exportPool,
  max_pool_f32: exportPool,
  average_pool_u8: exportPool,
  average_pool_f32: exportPool,
  constant: exportConstant,
  copy: exportWriters,
  fill: exportWriters,
};

function exportStep<K extends Kernel>(context: ExportContext, step: Step<K>): void {
  EXPORTERS[step.kernel](context, step);
}

/** Exports a convolution and the sum of its result with another tensor. */
function exportLayerAndSum(context: ExportContext, step: Step<"convolution_sum_u8">): void {
  const { convolution, sum } = partsOfSum(step);
  exportLayer(context, convolution);
  exportBinary(context, sum);
}

/** Exports the steps that write a tensor in parts: all of them at the last one. */
function exportWriters(context: ExportContext, step: Step<"copy" | "fill">): void {
  const writers = context.program.steps.filter((other): other is Step<"copy" | "fill"> =>
    (other.kernel === "copy" || other.kernel === "fill") && other.output === step.output
  );
  if (step === writers[writers.length - 1]) exportMovement(context, writers);
}
