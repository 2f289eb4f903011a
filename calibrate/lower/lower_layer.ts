/**
 * Lowering of the layers with weights: convolutions and fully connected layers.
 *
 * @module
 */

import type { ConvolutionGeometry } from "../../runtime/kernels/packed_weights.ts";
import { activationTraits, onGrids } from "../graph/activations.ts";
import { keepsFloat } from "../graph/form.ts";
import { fourDimensions, groupsOf, isDepthwise, type LayerNode } from "../graph/layers.ts";
import { scaleLayer } from "../graph/scale_layer.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import type { LayerParts, LowerContext } from "./context.ts";
import { activationAttributes, floatEpilogue, IDENTITY } from "./epilogue.ts";
import {
  packConvolutionF32,
  packConvolutionU8,
  packDepthwiseF32,
  packDepthwiseU8,
  packLevels,
} from "./pack_weights.ts";
import { clampOf, requantise, sumOf } from "./requantise.ts";

/** Lowers a convolution or fully connected layer. */
export function lowerLayer(context: LowerContext, node: LayerNode, geometry: ConvolutionGeometry): void {
  if (context.plan && !keepsFloat(context.forms.float, node.output)) lowerQuantized(context, node, geometry);
  else lowerFloat(context, node, geometry);
}

/** Lowers a layer to float steps; its result is in units of the factors that its 8-bit form has. */
function lowerFloat(context: LowerContext, source: LayerNode, geometry: ConvolutionGeometry): void {
  const { builder, probes, plan } = context;
  const factors = plan?.values.get(source.output)?.factors;
  const node = factors ? onUnits(source, factors) : source;
  const shape = fourDimensions(node);
  const depthwise = isDepthwise(node);
  const groups = groupsOf(node);
  const weights = builder.constant(
    depthwise ? packDepthwiseF32(node.weights, shape) : packConvolutionF32(node.weights, shape, groups),
  );
  const bias = builder.constant(node.bias);
  const step = {
    kernel: depthwise ? "depthwise_f32" as const : "convolution_f32" as const,
    name: node.name,
    inputs: [context.place(node.inputs[0], "f32")],
    constants: [weights, bias],
  };
  const slopes = node.activation.kind === "prelu" ? [builder.constant(node.slopes!)] : [];
  if (!probes || node.activation.kind === "identity") {
    const output = context.create(node.output, "f32");
    const index = builder.step({
      ...step,
      output,
      constants: [...step.constants, ...slopes],
      attributes: { ...geometry, ...floatEpilogue(node.activation) },
    });
    const shown = probes ? { preactivation: output, probe: index } : {};
    context.layers.set(node.output, { step: index, weights, bias, ...shown });
    return;
  }
  const preactivation = builder.tensor(`${node.output} before activation`, "f32", context.shape(node.output));
  const probe = builder.step({
    ...step,
    output: preactivation,
    attributes: { ...geometry, ...floatEpilogue(IDENTITY) },
  });
  const index = builder.step({
    kernel: "activation_f32",
    name: node.name,
    inputs: [preactivation],
    output: context.create(node.output, "f32"),
    constants: slopes,
    attributes: activationAttributes(node.activation),
  });
  context.layers.set(node.output, { step: index, weights, bias, preactivation, probe });
}

/** A layer whose result is in units of factors. */
function onUnits(layer: LayerNode, output: Float64Array): LayerNode {
  return { ...scaleLayer(layer, { output }), activation: onGrids(layer.activation)!.activation };
}

function lowerQuantized(context: LowerContext, node: LayerNode, geometry: ConvolutionGeometry): void {
  const { builder, plan, probes } = context;
  const quantized = plan!.weights.get(node.output)!;
  const correction = plan!.corrections.get(node.output)!;
  const input = plan!.values.get(node.inputs[0])!;
  const form = context.form(node);
  const quantization = form === "u8" ? plan!.values.get(node.output)! : undefined;
  const groups = groupsOf(node);
  const kernel = isDepthwise(node) ? "depthwise_u8" : "convolution_u8";
  const weights = quantized.groups
    ? builder.groupedConstant(packLevels(quantized.values, quantized.groups, { shape: fourDimensions(node), groups }))
    : builder.constant(packQuantized(node, quantized.values));
  const inputs = [context.place(node.inputs[0], "u8")];
  const shown = probes ? lowerProbe() : {};

  const { bias, multiplier, outputScale } = requantise(quantized, correction, input, {
    name: node.name,
    activation: node.activation.kind,
    quantization,
  });
  const constants = [weights, builder.constant(bias), builder.constant(multiplier)];
  const clamped = quantization !== undefined && activationTraits(node.activation).bounds !== undefined;
  const attributes = {
    ...geometry,
    ...activationAttributes(clamped ? IDENTITY : node.activation),
    outputScale,
    clamp: quantization ? clampOf(node.activation, quantization) : [0, 255],
  };
  const slopes = node.activation.kind === "prelu" ? [builder.constant(node.slopes!)] : [];
  const output = context.create(node.output, form);
  const index = builder.step({
    kernel,
    name: node.name,
    inputs,
    output,
    constants: [...constants, ...slopes],
    attributes,
  });
  context.layers.set(node.output, {
    step: index,
    weights,
    bias: constants[1],
    multiplier: constants[2],
    ...shown,
  });

  /** A second step that shows the accumulators in real units, without bias and without correction. */
  function lowerProbe(): Pick<LayerParts, "preactivation" | "probe" | "offsets"> {
    const offsets = builder.constant(zeroPointOffsets(quantized, input));
    const scales = quantized.scales.map((scale) => scale * input.scale);
    const preactivation = builder.tensor(`${node.output} before activation`, "f32", context.shape(node.output));
    const probe = builder.step({
      kernel,
      name: node.name,
      inputs,
      output: preactivation,
      constants: [weights, offsets, builder.constant(scales)],
      attributes: { ...geometry, ...floatEpilogue(IDENTITY) },
    });
    return { preactivation, probe, offsets };
  }
}

/** A layer's 8-bit weights as its kernel reads them. */
export function packQuantized(node: LayerNode, values: Int8Array): Int8Array {
  const shape = fourDimensions(node);
  if (isDepthwise(node)) return packDepthwiseU8(values, shape);
  return packConvolutionU8(values, shape, groupsOf(node));
}

/** What makes accumulators of q those of q - z: per output channel, minus the zero point times the sum of the weights. */
export function zeroPointOffsets({ values, scales }: WeightQuantization, { zeroPoint }: ValueQuantization): Int32Array {
  const depth = values.length / scales.length;
  return Int32Array.from(scales, (_, channel) => -zeroPoint * sumOf(values, channel * depth, depth));
}
