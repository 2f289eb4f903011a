/**
 * Writes small ONNX files for tests.
 *
 * @module
 */

import onnxProto, { type onnx } from "onnx-proto";

/** A constant to write: float32 unless a Float64Array of integers or a bool is meant. */
export interface Constant {
  shape: number[];
  floats?: ArrayLike<number>;
  ints?: ArrayLike<number>;
}

/** The value of an attribute; integers are told from floats by {@linkcode float}. */
export type AttributeValue =
  | number
  | number[]
  | string
  | { float: number }
  | { floats: number[] }
  | { tensor: onnx.ITensorProto };

/** A node to write. */
export interface NodeSpec {
  op: string;
  name?: string;
  domain?: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, AttributeValue>;
}

/** A model to write. */
export interface ModelSpec {
  opset?: number;
  inputs: Record<string, (number | string)[]>;
  outputs: string[];
  constants?: Record<string, Constant>;
  nodes: NodeSpec[];
}

/** A float32 attribute. */
export function float(value: number): { float: number } {
  return { float: value };
}

/** A float32 constant. */
export function floats(shape: number[], values: ArrayLike<number>): Constant {
  return { shape, floats: values };
}

/** An int64 constant; one dimension unless a shape is given. */
export function ints(values: number[], shape: number[] = [values.length]): Constant {
  return { shape, ints: values };
}

/** The message of a constant. */
export function tensorProto(name: string, constant: Constant): onnx.ITensorProto {
  const { shape, floats, ints } = constant;
  if (floats) {
    const rawData = new Uint8Array(Float32Array.from(floats).buffer);
    return { name, dims: shape, dataType: 1, rawData };
  }
  return { name, dims: shape, dataType: 7, int64Data: Array.from(ints!) };
}

/** The message of a model, to be changed before it is encoded. */
export function modelProto(spec: ModelSpec): onnx.IModelProto {
  const port = (name: string, shape?: (number | string)[]): onnx.IValueInfoProto => ({
    name,
    type: {
      tensorType: {
        elemType: 1,
        ...(shape && {
          shape: {
            dim: shape.map((length) => typeof length === "number" ? { dimValue: length } : { dimParam: length }),
          },
        }),
      },
    },
  });
  return {
    irVersion: 8,
    opsetImport: [{ domain: "", version: spec.opset ?? 17 }],
    graph: {
      name: "test",
      input: Object.entries(spec.inputs).map(([name, shape]) => port(name, shape)),
      output: spec.outputs.map((name) => port(name)),
      initializer: Object.entries(spec.constants ?? {}).map(([name, constant]) => tensorProto(name, constant)),
      node: spec.nodes.map(nodeProto),
    },
  };
}

function nodeProto(spec: NodeSpec): onnx.INodeProto {
  return {
    name: spec.name ?? "",
    opType: spec.op,
    domain: spec.domain ?? "",
    input: spec.inputs,
    output: spec.outputs,
    attribute: Object.entries(spec.attributes ?? {}).map(([name, value]) => attribute(name, value)),
  };
}

function attribute(name: string, value: AttributeValue): onnx.IAttributeProto {
  if (typeof value === "number") return { name, type: 2, i: value };
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  if ("float" in value) return { name, type: 1, f: value.float };
  if ("floats" in value) return { name, type: 6, floats: value.floats };
  return { name, type: 4, t: value.tensor };
}

/** The bytes of a model's message. */
export function encodeProto(proto: onnx.IModelProto): Uint8Array {
  return new Uint8Array(onnxProto.onnx.ModelProto.encode(proto).finish());
}

/** The bytes of an ONNX file. */
export function writeOnnx(spec: ModelSpec): Uint8Array {
  return encodeProto(modelProto(spec));
}
