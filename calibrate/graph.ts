/**
 * The intermediate representation of a float network between the ONNX importer
 * and the quantiser. Values have static shapes, nodes are in topological order
 * and each node makes one value. Passes are functions from graph to graph.
 *
 * After the pass `toChannelsLast` every image value is [batch, height, width,
 * channels]; convolution weights stay [outputs, inputs / groups, height, width].
 *
 * @module
 */

import type { Activation } from "../runtime/activation.ts";

/** Element types of values. Constants of integer types only exist while a graph is imported. */
export type ElementType = "float32" | "int64" | "int32" | "bool" | "uint8" | "int8";

/** A named tensor with a static shape; `data` is present where it is constant. */
export interface Value {
  name: string;
  type: ElementType;
  shape: number[];
  /** Row-major elements of a constant. */
  data?: Float32Array;
}

/** What a folded BatchNormalization said about its output, per channel. */
export interface FoldedNormalization {
  gamma: Float32Array;
  beta: Float32Array;
  variance: Float32Array;
  epsilon: number;
}

/** Fields that all nodes have. */
export interface NodeBase {
  /**
   * Name in the source network (that of the main operator where several were
   * fused); distinct from those of all other nodes.
   */
  name: string;
  /** Names of the values read. */
  inputs: string[];
  /** Name of the value made. */
  output: string;
}

/** Two-dimensional convolution over image values; one input. */
export interface ConvolutionNode extends NodeBase {
  op: "convolution";
  /** [outputs, inputs / groups, kernel height, kernel width]. */
  weights: Float32Array;
  weightShape: [number, number, number, number];
  bias: Float32Array;
  stride: [number, number];
  dilation: [number, number];
  /** [top, left, bottom, right]. */
  pads: [number, number, number, number];
  groups: number;
  activation: Activation;
  /** Slope per output channel of a "prelu" activation. */
  slopes?: Float32Array;
  normalization?: FoldedNormalization;
}

/** y = x W^T + b over the last dimension; one input, any leading dimensions. */
export interface FullyConnectedNode extends NodeBase {
  op: "fullyConnected";
  /** [outputs, inputs]. */
  weights: Float32Array;
  weightShape: [number, number];
  bias: Float32Array;
  activation: Activation;
  slopes?: Float32Array;
  normalization?: FoldedNormalization;
}

/** An activation function on its own; never "identity". */
export interface ActivationNode extends NodeBase {
  op: "activation";
  activation: Activation;
  /** Slope per channel (last dimension) of a "prelu" activation. */
  slopes?: Float32Array;
}

/** Element-wise function of two values with NumPy broadcasting; either may be constant. */
export interface BinaryNode extends NodeBase {
  op: "binary";
  operation: "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";
  activation: Activation;
}

/**
 * Pooling over image values. The output's shape settles what ceil_mode meant.
 * Positions outside the image never count for "max"; for "average" those within
 * the pads count where `countIncludePad` says so, those beyond the pads never.
 */
export interface PoolNode extends NodeBase {
  op: "pool";
  reduction: "max" | "average";
  kernel: [number, number];
  stride: [number, number];
  dilation: [number, number];
  pads: [number, number, number, number];
  countIncludePad: boolean;
}

/** Mean over some dimensions, which stay with length 1. */
export interface ReduceMeanNode extends NodeBase {
  op: "reduceMean";
  /** Ascending. */
  axes: number[];
}

/** Softmax over one dimension. */
export interface SoftmaxNode extends NodeBase {
  op: "softmax";
  axis: number;
}

/** Matrix product of two values that are not constant, batched with NumPy broadcasting. */
export interface MatMulNode extends NodeBase {
  op: "matMul";
}

/** Concatenation along one dimension; inputs may be constant. */
export interface ConcatNode extends NodeBase {
  op: "concat";
  axis: number;
}

/** Sampling positions of one image dimension: for output i, indices[2i], indices[2i+1] and the weight of the second. */
export interface ResizeAxis {
  indices: Int32Array;
  weights: Float32Array;
}

/** Resampling of an image value in height and width. */
export interface ResizeNode extends NodeBase {
  op: "resize";
  mode: "nearest" | "linear";
  rows: ResizeAxis;
  columns: ResizeAxis;
}

/** Permutation of dimensions: output dimension i is input dimension permutation[i]. */
export interface TransposeNode extends NodeBase {
  op: "transpose";
  permutation: number[];
}

/** The same elements in the same order under another shape. */
export interface ReshapeNode extends NodeBase {
  op: "reshape";
}

/** start + i * step along each dimension; the output's shape gives the counts. */
export interface SliceNode extends NodeBase {
  op: "slice";
  /** One per dimension. */
  starts: number[];
  /** One per dimension; may be negative. */
  steps: number[];
}

/** Constant padding; `before` may exceed zero only (negative pads are slices). */
export interface PadNode extends NodeBase {
  op: "pad";
  /** One per dimension. */
  before: number[];
  /** One per dimension. */
  after: number[];
  value: number;
}

/** Insertion of zeros between the pixels of an image value (transposed convolution): output[i * step] = input[i]. */
export interface DilateNode extends NodeBase {
  op: "dilate";
  step: [number, number];
}

/** Any node. */
export type Node =
  | ConvolutionNode
  | FullyConnectedNode
  | ActivationNode
  | BinaryNode
  | PoolNode
  | ReduceMeanNode
  | SoftmaxNode
  | MatMulNode
  | ConcatNode
  | ResizeNode
  | TransposeNode
  | ReshapeNode
  | SliceNode
  | PadNode
  | DilateNode;

/** An input or output of the network in its own layout (images: batch, channels, height, width). */
export interface Port {
  name: string;
  /** Name of its value in the graph. */
  value: string;
  /** Shape in the network's own layout with batch 1. */
  shape: number[];
  /** Whether the first dimension was symbolic. */
  batched: boolean;
}

/** A network. Inputs and outputs keep the source network's own layout: passes insert transposes. */
export interface Graph {
  name: string;
  inputs: Port[];
  outputs: Port[];
  /** In topological order. */
  nodes: Node[];
  values: Map<string, Value>;
}

/** Consumers of each value, by value name. */
export function consumersOf(graph: Graph): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}
