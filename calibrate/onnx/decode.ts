/**
 * Reads the bytes of an ONNX file.
 *
 * @module
 */

import onnxProto, { type onnx as Proto } from "onnx-proto";
import { clampedInteger, decodeTensor, initializerLabel, safeInteger } from "./decode_tensor.ts";
import { OnnxError, quote, type UnsupportedPart, UnsupportedReason } from "./errors.ts";
import type { ReadExternalData } from "./external_data.ts";
import type { Attribute, OnnxModel, OnnxNode, OnnxPort } from "./model.ts";
import { useOpset } from "./remedies.ts";
import { sortNodes } from "./sort_nodes.ts";
import type { Tensor } from "./tensor.ts";

/** Oldest version of the standard operator set that is read. */
const OLDEST_OPSET = 7;
/** Newest version of the standard operator set that is read. */
const NEWEST_OPSET = 28;

/**
 * Reads an ONNX file into plain data with its nodes in topological order.
 *
 * @param bytes The whole file.
 * @param external Reads data that stand in other files.
 * @returns The model; every constant is copied out of `bytes`.
 * @throws {OnnxError} Where the file is not ONNX or contradicts itself.
 */
export function decodeOnnx(bytes: Uint8Array, external?: ReadExternalData): OnnxModel {
  const model = parse(bytes);
  const graph = model.graph;
  if (!graph) throw new OnnxError("The file holds no graph: it is not an ONNX model or is truncated");
  const unsupported: UnsupportedPart[] = [];
  const { opset, domains } = decodeOpsets(model.opsetImport ?? []);
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    const reason = `The model uses operator set ${opset}: expected ${OLDEST_OPSET} to ${NEWEST_OPSET}`;
    unsupported.push({ reason, remedy: useOpset(opset < OLDEST_OPSET ? OLDEST_OPSET : NEWEST_OPSET) });
  }
  const unread = new Set<string>();
  for (const { values } of graph.sparseInitializer ?? []) unread.add(values?.name ?? "");
  if (unread.size > 0) unsupported.push({ reason: "The model has sparse initializers: expected dense ones" });
  const initializers = decodeInitializers(graph.initializer ?? [], { unread, unsupported, external });
  const isConstant = (name: string) => initializers.has(name) || unread.has(name);
  const inputs = (graph.input ?? []).map(decodePort).filter((port) => !isConstant(port.name));
  const outputs = (graph.output ?? []).map(decodePort);
  requireDistinct(inputs, "inputs");
  requireDistinct(outputs, "outputs");
  if (inputs.length === 0) throw new OnnxError("The graph has no inputs");
  if (outputs.length === 0) throw new OnnxError("The graph has no outputs");
  const unsorted = (graph.node ?? []).map((node, index) => decodeNode(node, index, external));
  const nodes = sortNodes(unsorted, { inputs, outputs, isConstant });
  return { opset, domains, nodes, initializers, inputs, outputs, unread, unsupported };
}

function parse(bytes: Uint8Array): Proto.ModelProto {
  if (bytes.byteLength === 0) throw new OnnxError("The file is empty: expected an ONNX model");
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new OnnxError("The file is compressed with gzip: expected an ONNX model");
  }
  try {
    return onnxProto.onnx.ModelProto.decode(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new OnnxError(`The file is not an ONNX model or is truncated: ${message}`);
  }
}

function decodeOpsets(
  imports: readonly Proto.IOperatorSetIdProto[],
): { opset: number; domains: Map<string, number> } {
  const domains = new Map<string, number>();
  for (const { domain, version } of imports) {
    domains.set(standardDomain(domain ?? ""), safeInteger(version ?? 0, "An operator set version"));
  }
  const opset = domains.get("");
  if (opset === undefined) {
    throw new OnnxError("The model does not say which operator set it uses: it may be truncated");
  }
  return { opset, domains };
}

function standardDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** Reads the constants; those that are not supported are noted as unread, each reason once. */
function decodeInitializers(
  protos: readonly Proto.ITensorProto[],
  { unread, unsupported, external }: {
    unread: Set<string>;
    unsupported: UnsupportedPart[];
    external: ReadExternalData | undefined;
  },
): Map<string, Tensor> {
  const initializers = new Map<string, Tensor>();
  const refused = new Map<string, { names: string[]; remedy: string | undefined }>();
  for (const proto of protos) {
    const name = proto.name ?? "";
    if (name === "") throw new OnnxError("An initializer has no name");
    if (initializers.has(name) || unread.has(name)) throw new OnnxError(`Two initializers are named ${quote(name)}`);
    try {
      initializers.set(name, decodeTensor(proto, initializerLabel(name), external));
    } catch (error) {
      if (!(error instanceof UnsupportedReason)) throw error;
      unread.add(name);
      const { message, remedy } = error;
      const entry = refused.get(message);
      if (entry) entry.names.push(name);
      else refused.set(message, { names: [name], remedy });
    }
  }
  for (const [message, { names: [first, ...others], remedy }] of refused) {
    const also = others.length > 0 ? ` (so ${others.length === 1 ? "does one more" : `do ${others.length} more`})` : "";
    unsupported.push({ reason: `${initializerLabel(first)} ${message}${also}`, ...(remedy && { remedy }) });
  }
  return initializers;
}

function requireDistinct(ports: readonly OnnxPort[], what: string): void {
  const seen = new Set<string>();
  for (const { name } of ports) {
    if (name === "") throw new OnnxError(`One of the graph's ${what} has no name`);
    if (seen.has(name)) throw new OnnxError(`Two of the graph's ${what} are named ${quote(name)}`);
    seen.add(name);
  }
}

function decodePort(proto: Proto.IValueInfoProto): OnnxPort {
  const name = proto.name ?? "";
  const tensor = proto.type?.tensorType;
  const dims = tensor?.shape?.dim;
  return {
    name,
    elementType: tensor?.elemType ?? 0,
    shape: dims && tensor?.shape
      ? dims.map((dim) =>
        dim.dimValue !== undefined && dim.dimValue !== null
          ? safeInteger(dim.dimValue, `A dimension of ${quote(name)}`)
          : dim.dimParam || "?"
      )
      : undefined,
  };
}

function decodeNode(proto: Proto.INodeProto, index: number, external?: ReadExternalData): OnnxNode {
  const operator = proto.opType ?? "";
  const outputs = proto.output ?? [];
  const name = proto.name || outputs.find((output) => output !== "") || `${operator} ${index}`;
  if (operator === "") throw new OnnxError("A node does not name its operator", name);
  const attributes = new Map<string, Attribute>();
  for (const attribute of proto.attribute ?? []) {
    const key = attribute.name ?? "";
    if (attributes.has(key)) throw new OnnxError(`Attribute ${quote(key)} is given twice`, name);
    attributes.set(key, decodeAttribute(attribute, name, external));
  }
  const domain = standardDomain(proto.domain ?? "");
  return { name, operator, domain, inputs: proto.input ?? [], outputs, attributes };
}

function decodeAttribute(proto: Proto.IAttributeProto, node: string, external?: ReadExternalData): Attribute {
  const what = `Attribute ${quote(proto.name ?? "")} of node ${quote(node)}`;
  switch (proto.type) {
    case 1:
      return { kind: "float", value: proto.f ?? 0 };
    case 2:
      return { kind: "int", value: clampedInteger(proto.i ?? 0, what) };
    case 3:
      return { kind: "string", value: new TextDecoder().decode(proto.s ?? new Uint8Array()) };
    case 4:
      return decodeTensorAttribute(proto.t ?? {}, what, external);
    case 6:
      return { kind: "floats", value: proto.floats ?? [] };
    case 7:
      return { kind: "ints", value: (proto.ints ?? []).map((value) => clampedInteger(value, what)) };
    case 8: {
      const decoder = new TextDecoder();
      return { kind: "strings", value: (proto.strings ?? []).map((text) => decoder.decode(text)) };
    }
    case 5:
    case 10:
      return { kind: "other", description: "a nested graph" };
    case 9:
      return { kind: "other", description: "a list of tensors" };
    case 11:
    case 12:
      return { kind: "other", description: "a sparse tensor" };
    case 13:
    case 14:
      return { kind: "other", description: "a description of a type" };
    default:
      throw new OnnxError(`${what} has unknown type ${proto.type ?? 0}`);
  }
}

function decodeTensorAttribute(proto: Proto.ITensorProto, what: string, external?: ReadExternalData): Attribute {
  try {
    return { kind: "tensor", value: decodeTensor(proto, what, external) };
  } catch (error) {
    if (!(error instanceof UnsupportedReason)) throw error;
    const { message, remedy } = error;
    return { kind: "other", description: `a tensor that ${message}`, ...(remedy && { remedy }) };
  }
}
