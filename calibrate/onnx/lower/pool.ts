/**
 * MaxPool, AveragePool and the global pools.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { intAttribute, intsAttribute } from "../attributes.ts";
import { emitPool, emitReduceMean } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { liftToImage, lowerFromImage, spatialRank } from "../lift.ts";
import { type Lowering, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { readWindow, resolvePads } from "../window.ts";

/** Lowers MaxPool and AveragePool over signals and images. */
export function lowerPool(lowering: Lowering, node: OnnxNode): Value {
  if (lowering.readers.has(node.outputs[1])) {
    throw new UnsupportedReason("its output of indices is used");
  }
  const input = operand(lowering, node, 0);
  const rank = spatialRank(input);
  const kernelShape = intsAttribute(node, "kernel_shape");
  if (kernelShape?.length !== rank) {
    throw new OnnxError(
      `${node.operator} has kernel_shape [${kernelShape ?? ""}]: expected ${rank} numbers`,
      node.name,
    );
  }
  const window = readWindow(node, rank, kernelShape);
  const image = liftToImage(lowering, input);
  const pads = resolvePads(window, [image.shape[2], image.shape[3]]);
  const ceil = intAttribute(node, "ceil_mode", 0) !== 0;
  const size = [0, 1].map((i) => {
    const reach = window.dilation[i] * (window.kernel[i] - 1) + 1;
    if (pads[i] >= reach || pads[i + 2] >= reach) {
      throw new OnnxError(
        `${node.operator} has pads [${pads}] that reach beyond its kernel`,
        node.name,
      );
    }
    return countWindows(image.shape[2 + i], [pads[i], pads[i + 2]], {
      reach,
      stride: window.stride[i],
      ceil,
    });
  });
  const output = emitPool(lowering, image, {
    reduction: node.operator === "MaxPool" ? "max" : "average",
    kernel: window.kernel,
    stride: window.stride,
    dilation: window.dilation,
    pads,
    countIncludePad: node.operator === "AveragePool" &&
      intAttribute(node, "count_include_pad", 0) !== 0,
    size: [size[0], size[1]],
  });
  return lowerFromImage(lowering, output, rank);
}

function countWindows(
  length: number,
  [before, after]: [number, number],
  { reach, stride, ceil }: { reach: number; stride: number; ceil: boolean },
): number {
  const room = (length + before + after - reach) / stride;
  if (!ceil) return Math.floor(room) + 1;
  const count = Math.ceil(room) + 1;
  // A window that would start beyond the image and its left pad is not taken.
  return (count - 1) * stride >= length + before ? count - 1 : count;
}

/** Lowers GlobalAveragePool. */
export function lowerGlobalAveragePool(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  return emitReduceMean(lowering, input, input.shape.map((_, i) => i).slice(2));
}

/** Lowers GlobalMaxPool. */
export function lowerGlobalMaxPool(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const rank = spatialRank(input);
  const image = liftToImage(lowering, input);
  const output = emitPool(lowering, image, {
    reduction: "max",
    kernel: [image.shape[2], image.shape[3]],
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0, 0, 0],
    countIncludePad: false,
    size: [1, 1],
  });
  return lowerFromImage(lowering, output, rank);
}
