/**
 * What a float network in an ONNX file holds, as plain data.
 *
 * @module
 */

import onnxProto from "onnx-proto";
import { describePort, type ModelPort } from "../../runtime/model.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { importOnnx, type ImportOptions } from "../onnx/import.ts";
import { describeNode } from "../operators/describe_node.ts";

/** One node after import. */
export interface NetworkLayer {
  /** Operator with the activation fused into it, e.g. "convolution + relu". */
  operator: string;
  /** Name in the file. */
  name: string;
  /** Shape of the value made, channels last. */
  output: number[];
  /** Number of weights, biases, slopes and elements of constants; a shared constant counts where it is read first. */
  parameters: number;
  /** Multiply-adds of a layer or matrix product for one sample, for the whole input where its batch is fixed. */
  multiplyAdds: number;
}

/** A float network's content. */
export interface NetworkDescription {
  /** What the file is. */
  format: "onnx";
  /** Name of the network. */
  name: string;
  /** Version of the standard operator set. */
  opset: number;
  /** Program that wrote the file; empty where the file does not say. */
  producer: string;
  /** Bytes of the file. */
  fileBytes: number;
  /** Inputs; -1 stands for a free batch. */
  inputs: ModelPort[];
  /** Outputs, likewise. */
  outputs: ModelPort[];
  /** Number of parameters, after BatchNormalizations and constants are folded. */
  parameters: number;
  /** Multiply-adds of layers and matrix products for one sample. */
  multiplyAdds: number;
  /** How many nodes each operator has after import, the most used first. */
  operators: { operator: string; nodes: number }[];
  /** The nodes, in order. */
  layers: NetworkLayer[];
}

/**
 * Imports and describes an ONNX file.
 *
 * @param bytes The whole file.
 * @throws {OnnxError} Where the file cannot be read or contradicts itself.
 * @throws {UnsupportedNetworkError} Where operators are not supported: all of them.
 */
export function describeNetwork(bytes: Uint8Array, options: ImportOptions): NetworkDescription {
  const graph = importOnnx(bytes, options);
  const layers = describeNodes(graph);
  return {
    format: "onnx",
    name: graph.name,
    ...readOrigin(bytes),
    fileBytes: bytes.length,
    inputs: graph.inputs.map(describePort),
    outputs: graph.outputs.map(describePort),
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    multiplyAdds: layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
    operators: countOperators(graph),
    layers,
  };
}

/** Whether bytes have the outer form of an ONNX model, whole or cut off. */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  if (bytes[0] === IR_VERSION_TAG) return true;
  try {
    const model = onnxProto.onnx.ModelProto.decode(bytes);
    return Boolean(model.graph?.node?.length) && Boolean(model.opsetImport?.length);
  } catch {
    return false;
  }
}

/** First byte of almost every ONNX file: the key of the field `ir_version`. */
const IR_VERSION_TAG = 0x08;

function readOrigin(bytes: Uint8Array): { opset: number; producer: string } {
  const { opsetImport, producerName, producerVersion } = onnxProto.onnx.ModelProto.decode(bytes);
  const standard = opsetImport?.findLast(({ domain }) => !domain || domain === "ai.onnx");
  return { opset: Number(standard?.version ?? 0), producer: [producerName, producerVersion].filter(Boolean).join(" ") };
}

function describeNodes(graph: Graph): NetworkLayer[] {
  const counted = new Set<string>();
  return graph.nodes.map((node) => {
    const output = graph.values.get(node.output)!.shape;
    const { kind, multiplyAdds, ...own } = describeNode(graph, node);
    let { parameters } = own;
    for (const input of node.inputs) {
      const { data } = graph.values.get(input)!;
      if (!data || counted.has(input)) continue;
      counted.add(input);
      parameters += data.length;
    }
    return {
      operator: operatorNameOf(node, kind),
      name: node.name,
      output,
      parameters,
      multiplyAdds,
    };
  });
}

function operatorNameOf(node: Node, kind: string): string {
  const plain = node.op === "activation" || !("activation" in node) || node.activation.kind === "identity";
  return plain ? kind : `${kind} + ${node.activation.kind}`;
}

function countOperators(graph: Graph): { operator: string; nodes: number }[] {
  const counts = new Map<string, number>();
  for (const node of graph.nodes) {
    const { kind } = describeNode(graph, node);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([operator, nodes]) => ({ operator, nodes })).sort((a, b) => b.nodes - a.nodes);
}
