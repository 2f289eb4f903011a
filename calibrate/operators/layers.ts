/**
 * What convolutions and fully connected layers have in common.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import { activationTraits, allowsFactors } from "../graph/activations.ts";
import type { ChannelLinker } from "../graph/channel_links.ts";
import type { LayerNode } from "../graph/layers.ts";
import type { Shape } from "../graph/shape.ts";
import type { FormContext, NodeForms } from "./operator.ts";

/** What is wrong with the lengths of a layer's parameters. */
export function checkLayer(node: LayerNode): string | undefined {
  const [outputs] = node.weightShape;
  const lengths = [
    node.bias.length,
    node.slopes?.length ?? outputs,
    node.normalization?.gamma.length ?? outputs,
  ];
  const fits = node.weights.length === elementCount(node.weightShape) &&
    lengths.every((length) => length === outputs) &&
    activationTraits(node.activation).perChannel === (node.slopes !== undefined);
  return fits ? undefined : "has parameters of inconsistent lengths";
}

/** Most products of 8 bits, each at most 127 x 255, that an accumulator of 32 bits has room for beside a small bias. */
const MOST_PRODUCTS = Math.floor((2 ** 31 - 2 ** 16 - 1) / (127 * 255));

/** Layers read 8 bits and write what is needed; what sums more products than an accumulator can hold stays in float. */
export function layerForms(node: LayerNode, { needed }: FormContext): NodeForms {
  const products = node.weights.length / node.weightShape[0];
  return products > MOST_PRODUCTS ? { reads: "f32", writes: "f32" } : { reads: "u8", writes: needed };
}

/** Layers link no channels, and fix those they make where their activation function allows no factors. */
export function linkLayer(node: LayerNode, linker: ChannelLinker): true {
  if (!allowsFactors(node.activation)) linker.fix(node.output);
  return true;
}

/** Numbers of a layer's parameters and products. */
export function layerCounts(node: LayerNode, output: Shape): { parameters: number; multiplyAdds: number } {
  return {
    parameters: node.weights.length + node.bias.length + (node.slopes?.length ?? 0),
    multiplyAdds: elementCount(output) * (node.weights.length / node.weightShape[0]),
  };
}
