/**
 * Layers with weights in ONNX.
 *
 * @module
 */

import type { ConvolutionStep } from "../../runtime/kernels/convolution_step.ts";
import { elementCount } from "../../runtime/tensor.ts";
import {
  packConvolutionF32,
  packConvolutionU8,
  packDepthwiseF32,
  packDepthwiseU8,
  type WeightShape,
} from "../lower/pack_weights.ts";
import { floats, typed } from "../onnx/encode.ts";
import type { ExportContext } from "./context.ts";
import { exportActivation } from "./export_activation.ts";
import { unpackWeights } from "./unpack_weights.ts";

/** Weights and bias of a layer, as values of the graph. */
interface LayerConstants {
  weights: string;
  bias: string;
}

/** Exports a convolution or fully connected layer, 8-bit or float. */
export function exportLayer(context: ExportContext, step: ConvolutionStep): void {
  const { builder, values, program } = context;
  const { input, output, kernel, stride, dilation, pads, groups } = step.attributes;
  const target = program.tensors[step.output];
  const dense = input[1] * input[2] === 1 && kernel[0] * kernel[1] === 1 && groups === 1;
  const order = dense ? "stored" : "channels first";
  const [inputShape, outputShape] = dense ? [[input[0], input[3]], [output[0], output[3]]] : [input, output];
  const x = values.read(step.inputs[0], { order, shape: inputShape, float: true });
  const shape: WeightShape = [output[3], input[3] / groups, kernel[0], kernel[1]];
  const constants = step.kernel.endsWith("_u8")
    ? quantizedConstants(context, step, { shape, groups, dense })
    : floatConstants(context, step, { shape, groups, dense });
  const inputs = [x, constants.weights, constants.bias];
  const end = (size: number, axis: 0 | 1) =>
    Math.max(0, (size - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - input[1 + axis] - pads[axis]);
  const result = dense
    ? builder.node("Gemm", step.name, inputs, { transB: 1 })
    : builder.node("Conv", step.name, inputs, {
      kernel_shape: [...kernel],
      strides: [...stride],
      dilations: [...dilation],
      pads: [...pads, end(output[1], 0), end(output[2], 1)],
      group: groups,
    });
  const slopes = step.attributes.activation === "prelu"
    ? builder.constant(
      `${step.name} slopes`,
      floats(
        dense ? [output[3]] : [output[3], 1, 1],
        context.constant(step, step.constants.length - 1) as Float32Array,
      ),
    )
    : undefined;
  const activated = exportActivation(builder, result, step, { output: target, ...(slopes && { slopes }) });
  values.write(step.output, { order, shape: outputShape, float: true }, activated);
}

interface WeightForm {
  shape: WeightShape;
  groups: number;
  dense: boolean;
}

/** The weights of a step's constant 0 as [O][I / groups][height][width]. */
function weightsOf(
  { constant }: ExportContext,
  step: ConvolutionStep,
  { shape, groups }: WeightForm,
): Int8Array | Float32Array {
  const length = elementCount(shape);
  const depthwise = step.kernel.startsWith("depthwise");
  const packed = constant(step, 0);
  if (packed instanceof Float32Array) {
    return unpackWeights(
      packed,
      length,
      (weights) => depthwise ? packDepthwiseF32(weights, shape) : packConvolutionF32(weights, shape, groups),
    );
  }
  return unpackWeights(
    packed as Int8Array,
    length,
    (weights) => depthwise ? packDepthwiseU8(weights, shape) : packConvolutionU8(weights, shape, groups),
  );
}

/** The integers, each with the DequantizeLinear that gives them their real value. */
function quantizedConstants(context: ExportContext, step: ConvolutionStep, form: WeightForm): LayerConstants {
  const { builder, program, constant } = context;
  const weights = weightsOf(context, step, form) as Int8Array;
  const [offsets, multipliers] = [1, 2].map((index) => constant(step, index));
  const channels = form.shape[0];
  const depth = weights.length / channels;
  const input = program.tensors[step.inputs[0]];
  const output = program.tensors[step.output];
  // Multipliers give results in steps of the output, or in real units where a factor follows the activation.
  const unit = output.type === "u8" && step.attributes.outputScale === 1 ? output.scale! : 1;
  const scales = Float32Array.from(multipliers as Float32Array, (multiplier) => multiplier * unit / input.scale!);
  const bias = Int32Array.from(offsets as Int32Array, (offset, channel) => {
    const sum = weights.subarray(channel * depth, (channel + 1) * depth).reduce((total, value) => total + value, 0);
    return offset + input.zeroPoint! * sum;
  });
  const dequantize = (name: string, values: Int8Array | Int32Array, shape: number[], factors: Float32Array) => {
    const zero = values instanceof Int8Array ? new Int8Array(channels) : new Int32Array(channels);
    const inputs = [
      builder.constant(`${step.name} ${name} quantized`, typed(values, shape)),
      builder.constant(`${step.name} ${name} scales`, floats([channels], factors)),
      builder.constant(`${step.name} ${name} zero points`, typed(zero)),
    ];
    return builder.node("DequantizeLinear", `${step.name} ${name}`, inputs, { axis: 0 });
  };
  return {
    weights: dequantize("weights", weights, form.dense ? form.shape.slice(0, 2) : [...form.shape], scales),
    bias: dequantize("bias", bias, [channels], scales.map((scale) => scale * input.scale!)),
  };
}

function floatConstants(context: ExportContext, step: ConvolutionStep, form: WeightForm): LayerConstants {
  const { builder, constant } = context;
  const weights = weightsOf(context, step, form);
  const shape = form.dense ? form.shape.slice(0, 2) : [...form.shape];
  return {
    weights: builder.constant(`${step.name} weights`, floats(shape, weights)),
    bias: builder.constant(`${step.name} bias`, floats([form.shape[0]], constant(step, 1) as Float32Array)),
  };
}
