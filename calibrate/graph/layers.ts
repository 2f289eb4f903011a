/**
 * The nodes with weights.
 *
 * @module
 */

import type { ConvolutionNode, FullyConnectedNode, Graph, Node } from "./graph.ts";

/** A node with weights. */
export type LayerNode = ConvolutionNode | FullyConnectedNode;

/** Whether a node has weights. */
export function isLayer(node: Node): node is LayerNode {
  return node.op === "convolution" || node.op === "fullyConnected";
}

/** The layers with weights, in order. */
export function layersOf(graph: Graph): LayerNode[] {
  return graph.nodes.filter(isLayer);
}

/** Whether every channel of a convolution is filtered on its own. */
export function isDepthwise(node: LayerNode): boolean {
  return node.op === "convolution" && node.groups > 1 && node.groups === node.weightShape[0] &&
    node.weightShape[1] === 1;
}

/** Number of groups of channels that a layer convolves apart. */
export function groupsOf(node: LayerNode): number {
  return node.op === "convolution" ? node.groups : 1;
}

/** The kernel's weights as [outputs, inputs / groups, height, width]. */
export function fourDimensions(node: LayerNode): [number, number, number, number] {
  return node.op === "convolution" ? node.weightShape : [...node.weightShape, 1, 1];
}
