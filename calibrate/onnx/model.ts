/**
 * An ONNX model as plain data: names are strings, integers are numbers,
 * constants are tensors.
 *
 * @module
 */

import type { UnsupportedPart } from "./errors.ts";
import type { Tensor } from "./tensor.ts";

/** The value of an attribute of a node. */
export type Attribute =
  | { kind: "float"; value: number }
  | { kind: "int"; value: number }
  | { kind: "string"; value: string }
  | { kind: "tensor"; value: Tensor }
  | { kind: "floats"; value: number[] }
  | { kind: "ints"; value: number[] }
  | { kind: "strings"; value: string[] }
  | { kind: "other"; description: string; remedy?: string };

/** An operator applied to values. */
export interface OnnxNode {
  /** Name in the file; that of the first output where the file has none. */
  name: string;
  operator: string;
  /** Empty for the standard operators. */
  domain: string;
  /** Empty strings stand for optional inputs that are absent. */
  inputs: string[];
  outputs: string[];
  attributes: Map<string, Attribute>;
}

/** An input or output of the graph. */
export interface OnnxPort {
  name: string;
  /** ONNX element type number; 0 where the file does not say. */
  elementType: number;
  /** A number, or the name of a symbolic dimension; undefined where the file gives no shape. */
  shape: (number | string)[] | undefined;
}

/** A model whose graph is in topological order. */
export interface OnnxModel {
  /** Version of the standard operator set. */
  opset: number;
  /** Versions of the operator sets of other domains. */
  domains: Map<string, number>;
  nodes: OnnxNode[];
  initializers: Map<string, Tensor>;
  /** Without those that have an initializer. */
  inputs: OnnxPort[];
  outputs: OnnxPort[];
  /** Names of constants that are not supported. */
  unread: ReadonlySet<string>;
  /** What is not supported of the version and the constants. */
  unsupported: UnsupportedPart[];
}
