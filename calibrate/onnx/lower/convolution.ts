/**
 * Conv and ConvTranspose.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { intAttribute, intsAttribute } from "../attributes.ts";
import { emitConvolution, emitDilate, emitPad } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import { liftToImage, lowerFromImage, spatialRank } from "../lift.ts";
import { asFloat32, hasInput, type Lowering, operand, parameter, vectorParameter } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import type { Tensor } from "../tensor.ts";
import { pair, readWindow, resolvePads, type Window } from "../window.ts";

/** Lowers Conv over signals and images. */
export function lowerConv(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const rank = spatialRank(input);
  const weights = kernelOf(lowering, node, rank);
  const window = readWindow(node, rank, weights.shape.slice(2));
  const groups = readGroups(node, input.shape[1]);
  const [outputs, perGroup] = weights.shape;
  if (perGroup * groups !== input.shape[1] || outputs % groups !== 0) {
    throw new OnnxError(
      `Conv has weights of shape [${weights.shape}] in ${groups} groups for an input of shape ` +
        `[${input.shape}]`,
      node.name,
    );
  }
  const image = liftToImage(lowering, input);
  const output = emitConvolution(lowering, image, {
    weights: asFloat32(weights),
    weightShape: [outputs, perGroup, ...window.kernel],
    bias: biasOf(lowering, node, outputs),
    stride: window.stride,
    dilation: window.dilation,
    pads: resolvePads(window, [image.shape[2], image.shape[3]]),
    groups,
  });
  return lowerFromImage(lowering, output, rank);
}

/**
 * Lowers ConvTranspose: zeros between the pixels, pads or cuts at the border,
 * and a convolution with the kernel turned around.
 */
export function lowerConvTranspose(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const rank = spatialRank(input);
  const weights = kernelOf(lowering, node, rank);
  const window = readWindow(node, rank, weights.shape.slice(2));
  const groups = readGroups(node, input.shape[1]);
  const [inputs, outputsPerGroup] = weights.shape;
  if (inputs !== input.shape[1]) {
    throw new OnnxError(
      `ConvTranspose has weights of shape [${weights.shape}] for an input of shape [${input.shape}]`,
      node.name,
    );
  }
  const outputs = outputsPerGroup * groups;
  const image = liftToImage(lowering, input);
  const border = transposedBorder(node, window, { image, rank });
  const dilated = emitDilate(lowering, image, window.stride);
  const padded = emitPad(lowering, dilated, {
    before: [0, 0, border[0], border[1]],
    after: [0, 0, border[2], border[3]],
    value: 0,
  });
  const output = emitConvolution(lowering, padded, {
    weights: turnKernel(weights, window.kernel, groups),
    weightShape: [outputs, inputs / groups, ...window.kernel],
    bias: biasOf(lowering, node, outputs),
    stride: [1, 1],
    dilation: window.dilation,
    pads: [0, 0, 0, 0],
    groups,
  });
  return lowerFromImage(lowering, output, rank);
}

function kernelOf(lowering: Lowering, node: OnnxNode, rank: number): Tensor {
  const weights = parameter(lowering, node, 1);
  if (weights.shape.length !== rank + 2 || weights.data.length === 0) {
    throw new OnnxError(
      `${node.operator} has weights of shape [${weights.shape}]: expected ${rank + 2} dimensions`,
      node.name,
    );
  }
  return weights;
}

function biasOf(lowering: Lowering, node: OnnxNode, outputs: number): Float32Array {
  return hasInput(node, 2) ? vectorParameter(lowering, node, 2, outputs) : new Float32Array(outputs);
}

function readGroups(node: OnnxNode, channels: number): number {
  const groups = intAttribute(node, "group", 1);
  if (groups < 1 || channels % groups !== 0) {
    throw new OnnxError(
      `${node.operator} has ${groups} groups, which do not divide ${channels} channels`,
      node.name,
    );
  }
  return groups;
}

function transposedBorder(
  node: OnnxNode,
  window: Window,
  { image, rank }: { image: Value; rank: 1 | 2 },
): [number, number, number, number] {
  const extra = pair(intsAttribute(node, "output_padding") ?? new Array(rank).fill(0), 0);
  const stated = intsAttribute(node, "output_shape");
  const target = stated && pair(stated.slice(-rank), 1);
  const border: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < 2; i++) {
    const reach = window.dilation[i] * (window.kernel[i] - 1);
    const full = (image.shape[2 + i] - 1) * window.stride[i] + reach + 1 + extra[i];
    let [begin, end] = [window.pads[i], window.pads[i + 2]];
    if (target || window.autoPad.startsWith("SAME")) {
      const total = full - (target ? target[i] : image.shape[2 + i] * window.stride[i]);
      const small = Math.floor(total / 2);
      [begin, end] = window.autoPad === "SAME_UPPER" ? [small, total - small] : [total - small, small];
    } else if (window.autoPad === "VALID") {
      [begin, end] = [0, 0];
    }
    border[i] = reach - begin;
    border[i + 2] = reach - end + extra[i];
  }
  return border;
}

function turnKernel(weights: Tensor, kernel: [number, number], groups: number): Float32Array {
  const [inputs, outputsPerGroup] = weights.shape;
  const inputsPerGroup = inputs / groups;
  const area = kernel[0] * kernel[1];
  const turned = new Float32Array(weights.data.length);
  for (let input = 0; input < inputs; input++) {
    const group = Math.floor(input / inputsPerGroup);
    for (let output = 0; output < outputsPerGroup; output++) {
      const from = (input * outputsPerGroup + output) * area;
      const to = ((group * outputsPerGroup + output) * inputsPerGroup + input % inputsPerGroup) *
        area;
      for (let k = 0; k < area; k++) turned[to + area - 1 - k] = weights.data[from + k];
    }
  }
  return turned;
}
