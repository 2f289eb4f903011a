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

import type { Activation } from "../../runtime/activation.ts";
import type { BinaryOperation } from "../../runtime/kernels/binary.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";

/** Element types of values. Constants of integer types only exist while a graph is imported. */
export type ElementType = "float32" | "int64" | "int32" | "bool" | "uint8" | "int8";

/** A named tensor with a static shape; `data` is present where it is constant. */
export interface Value {
  /** Name in the source network. */
  name: string;
  /** Element type. */
  type: ElementType;
  /** Dimensions. */
  shape: number[];
  /** Row-major elements of a constant. */
  data?: Float32Array;
}

/** What a folded BatchNormalization said about its output, per channel. */
export interface FoldedNormalization {
  /** Scale of each channel. */
  gamma: Float32Array;
  /** Shift of each channel: the mean of the output. */
  beta: Float32Array;
  /** Running variance of each channel before normalisation. */
  variance: Float32Array;
  /** Number added to the variance. */
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
  /** The operator. */
  op: "convolution";
  /** [outputs, inputs / groups, kernel height, kernel width]. */
  weights: Float32Array;
  /** Dimensions of the weights. */
  weightShape: [number, number, number, number];
  /** One number per output channel. */
  bias: Float32Array;
  /** [vertical, horizontal], in pixels. */
  stride: [number, number];
  /** [vertical, horizontal], in pixels. */
  dilation: [number, number];
  /** [top, left, bottom, right]. */
  pads: [number, number, number, number];
  /** Number of groups of channels that are convolved apart. */
  groups: number;
  /** Activation function of the result. */
  activation: Activation;
  /** Slope per output channel of a "prelu" activation. */
  slopes?: Float32Array;
  /** What a folded BatchNormalization said, where there was one. */
  normalization?: FoldedNormalization;
}

/** y = x W^T + b over the last dimension; one input, any leading dimensions. */
export interface FullyConnectedNode extends NodeBase {
  /** The operator. */
  op: "fullyConnected";
  /** [outputs, inputs]. */
  weights: Float32Array;
  /** Dimensions of the weights. */
  weightShape: [number, number];
  /** One number per output channel. */
  bias: Float32Array;
  /** Activation function of the result. */
  activation: Activation;
  /** Slope per output channel of a "prelu" activation. */
  slopes?: Float32Array;
  /** What a folded BatchNormalization said, where there was one. */
  normalization?: FoldedNormalization;
}

/** An activation function on its own; never "identity". */
export interface ActivationNode extends NodeBase {
  /** The operator. */
  op: "activation";
  /** Activation function of the result. */
  activation: Activation;
  /** Slopes of a "prelu" activation, one for each index of the dimension `axis`. */
  slopes?: Float32Array;
  /** The dimension along which there are slopes; absent where there are none. */
  axis?: number;
}

/** Element-wise function of two values with NumPy broadcasting; either may be constant. */
export interface BinaryNode extends NodeBase {
  /** The operator. */
  op: "binary";
  /** The function. */
  operation: BinaryOperation;
  /** Activation function of the result. */
  activation: Activation;
}

/** Elements of the second value where the first is not 0, else of the third, with NumPy broadcasting; any may be constant. */
export interface SelectNode extends NodeBase {
  /** The operator. */
  op: "select";
}

/**
 * Pooling over image values. The output's shape settles what ceil_mode meant.
 * Positions outside the image never count for "max"; for "average" those within
 * the pads count where `countIncludePad` says so, those beyond the pads never.
 */
export interface PoolNode extends NodeBase {
  /** The operator. */
  op: "pool";
  /** What is kept of each window. */
  reduction: "max" | "average";
  /** [height, width] of the window, in pixels. */
  kernel: [number, number];
  /** [vertical, horizontal], in pixels. */
  stride: [number, number];
  /** [vertical, horizontal], in pixels. */
  dilation: [number, number];
  /** [top, left, bottom, right], in pixels. */
  pads: [number, number, number, number];
  /** Whether padded positions count in an average. */
  countIncludePad: boolean;
}

/** Mean over some dimensions, which stay with length 1. */
export interface ReduceMeanNode extends NodeBase {
  /** The operator. */
  op: "reduceMean";
  /** Ascending. */
  axes: number[];
}

/** A reduction over some dimensions, which stay with length 1; one that gives indices is over one dimension. */
export interface ReduceNode extends NodeBase {
  /** The operator. */
  op: "reduce";
  /** Ascending. */
  axes: number[];
  /** What is made of the numbers. */
  function: Reduction;
}

/**
 * Rows of a value [outer, length, inner] by indices [count], or [outer, count]
 * where `batched`: [outer, count, inner]. The inputs are rows and indices, or
 * indices alone where the rows are constant. Negative indices count from the end.
 */
export interface GatherNode extends NodeBase {
  /** The operator. */
  op: "gather";
  /** The rows, where they are constant. */
  table?: Float32Array;
  /** [outer, length, inner] of the rows. */
  rows: [outer: number, length: number, inner: number];
  /** Whether each of the outer positions has indices of its own. */
  batched: boolean;
}

/** Running sums along one dimension. */
export interface CumulativeSumNode extends NodeBase {
  /** The operator. */
  op: "cumulativeSum";
  /** The dimension. */
  axis: number;
  /** Whether an element is not in its own sum. */
  exclusive: boolean;
  /** Whether sums run from the end. */
  reverse: boolean;
}

/** Indices along the last dimension of the greatest numbers, the greatest first; of equal numbers the first one first. */
export interface TopIndicesNode extends NodeBase {
  /** The operator. */
  op: "topIndices";
  /** How many numbers. */
  count: number;
  /** Whether the least numbers are sought. */
  smallest: boolean;
}

/** Softmax over one dimension. */
export interface SoftmaxNode extends NodeBase {
  /** The operator. */
  op: "softmax";
  /** The dimension. */
  axis: number;
}

/** Values brought to a mean of 0 and a variance of 1 over some dimensions, then scaled and shifted. */
export interface LayerNormalizationNode extends NodeBase {
  /** The operator. */
  op: "layerNormalization";
  /** Ascending. */
  axes: number[];
  /** What is added to the variance. */
  epsilon: number;
  /** Factors, row-major over the dimensions `axes`. */
  scale: Float32Array;
  /** Addends, row-major over the dimensions `axes`; none where absent. */
  bias?: Float32Array;
}

/** Matrix product of two values that are not constant, batched with NumPy broadcasting. */
export interface MatMulNode extends NodeBase {
  /** The operator. */
  op: "matMul";
}

/** Concatenation along one dimension; inputs may be constant. */
export interface ConcatNode extends NodeBase {
  /** The operator. */
  op: "concat";
  /** The dimension. */
  axis: number;
}

/** Sampling positions of one image dimension: for output i, indices[2i], indices[2i+1] and the weight of the second. */
export interface ResizeAxis {
  /** Pairs of source positions, one pair per output position. */
  indices: Int32Array;
  /** Weight of the second source position, one per output position. */
  weights: Float32Array;
}

/** Resampling of an image value in height and width. */
export interface ResizeNode extends NodeBase {
  /** The operator. */
  op: "resize";
  /** How positions between pixels are sampled. */
  mode: "nearest" | "linear";
  /** Sampling of the height. */
  rows: ResizeAxis;
  /** Sampling of the width. */
  columns: ResizeAxis;
}

/** Permutation of dimensions: output dimension i is input dimension permutation[i]. */
export interface TransposeNode extends NodeBase {
  /** The operator. */
  op: "transpose";
  /** Input dimension of each output dimension. */
  permutation: number[];
}

/** The same elements in the same order under another shape. */
export interface ReshapeNode extends NodeBase {
  /** The operator. */
  op: "reshape";
}

/** start + i * step along each dimension; the output's shape gives the counts. */
export interface SliceNode extends NodeBase {
  /** The operator. */
  op: "slice";
  /** One per dimension. */
  starts: number[];
  /** One per dimension; may be negative. */
  steps: number[];
}

/** Constant padding; `before` may exceed zero only (negative pads are slices). */
export interface PadNode extends NodeBase {
  /** The operator. */
  op: "pad";
  /** One per dimension. */
  before: number[];
  /** One per dimension. */
  after: number[];
  /** The number that stands around the input. */
  value: number;
}

/** Insertion of zeros between the pixels of an image value (transposed convolution): output[i * step] = input[i]. */
export interface DilateNode extends NodeBase {
  /** The operator. */
  op: "dilate";
  /** [vertical, horizontal] distance of the input pixels in the output. */
  step: [number, number];
}

/** Any node. */
export type Node =
  | ConvolutionNode
  | FullyConnectedNode
  | ActivationNode
  | BinaryNode
  | SelectNode
  | PoolNode
  | ReduceMeanNode
  | ReduceNode
  | GatherNode
  | CumulativeSumNode
  | TopIndicesNode
  | SoftmaxNode
  | LayerNormalizationNode
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
  /** Name in the source network. */
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
  /** Name in the source network. */
  name: string;
  /** The inputs. */
  inputs: Port[];
  /** The outputs. */
  outputs: Port[];
  /** In topological order. */
  nodes: Node[];
  /** All values, by name. */
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
