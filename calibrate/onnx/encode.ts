/**
 * Writes ONNX files.
 *
 * @module
 */

import onnxProto, { type onnx } from "onnx-proto";

/** A constant to write. */
export interface Constant {
  /** Dimensions; [] is a scalar. */
  shape: number[];
  /** float32 elements. */
  floats?: ArrayLike<number>;
  /** int64 elements. */
  ints?: ArrayLike<number>;
  /** Elements of the array's own type. */
  typed?: Int8Array | Uint8Array | Int32Array;
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
  /** Operator. */
  op: string;
  /** Its name; "" if absent. */
  name?: string;
  /** Domain of the operator; the standard one if absent. */
  domain?: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, AttributeValue>;
}

/** A model to write. */
export interface ModelSpec {
  /** Name of the graph; "network" if absent. */
  name?: string;
  /** Version of the standard operator set; 17 if absent. */
  opset?: number;
  /** Shape of each float32 input; a word is a free dimension. */
  inputs: Record<string, (number | string)[]>;
  /** Names of the float32 outputs. */
  outputs: string[];
  /** Shapes of outputs, by name. */
  outputShapes?: Record<string, (number | string)[]>;
  /** Initialisers by name. */
  constants?: Record<string, Constant>;
  nodes: NodeSpec[];
  /** Texts that the file carries along. */
  metadata?: Record<string, string>;
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

/** An int8, uint8 or int32 constant; one dimension unless a shape is given. */
export function typed(elements: Int8Array | Uint8Array | Int32Array, shape: number[] = [elements.length]): Constant {
  return { shape, typed: elements };
}

/** Codes of element types in ONNX. */
const DATA_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

/** The message of a constant. */
export function tensorProto(name: string, constant: Constant): onnx.ITensorProto {
  const { shape, floats, ints, typed } = constant;
  if (floats) {
    const rawData = new Uint8Array(Float32Array.from(floats).buffer);
    return { name, dims: shape, dataType: DATA_TYPES.float32, rawData };
  }
  if (ints) return { name, dims: shape, dataType: DATA_TYPES.int64, int64Data: Array.from(ints) };
  const elements = typed!;
  const type = elements instanceof Int8Array ? "int8" : elements instanceof Uint8Array ? "uint8" : "int32";
  const rawData = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return { name, dims: shape, dataType: DATA_TYPES[type], rawData };
}

/** The message of a model, to be changed before it is encoded. */
export function modelProto(spec: ModelSpec): onnx.IModelProto {
  const port = (name: string, shape?: (number | string)[]): onnx.IValueInfoProto => ({
    name,
    type: {
      tensorType: {
        elemType: DATA_TYPES.float32,
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
      name: spec.name ?? "network",
      input: Object.entries(spec.inputs).map(([name, shape]) => port(name, shape)),
      output: spec.outputs.map((name) => port(name, spec.outputShapes?.[name])),
      initializer: Object.entries(spec.constants ?? {}).map(([name, constant]) => tensorProto(name, constant)),
      node: spec.nodes.map(nodeProto),
    },
    metadataProps: Object.entries(spec.metadata ?? {}).map(([key, value]) => ({ key, value })),
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
