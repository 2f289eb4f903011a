/**
 * Lowers a whole model and reports everything that is not supported at once.
 *
 * @module
 */

import type { FoldedNormalization, Graph, Port } from "../graph/graph.ts";
import { emitCopy } from "./emit.ts";
import {
  OnnxError,
  quote,
  UnsupportedNetworkError,
  type UnsupportedOperator,
  type UnsupportedPart,
  UnsupportedReason,
} from "./errors.ts";
import { followBatch, type FollowedBatch } from "./follow_batch.ts";
import { lowerNodes } from "./lower_nodes.ts";
import { type Lowering, operand } from "./lowering.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { type Complaint, complaintAbout } from "./operators.ts";
import { type Dimensions, type InputPort, readInputs } from "./read_inputs.ts";
import { fixBatch } from "./remedies.ts";

/** A graph as it comes from the file: images are [batch, channels, height, width]. */
export interface LoweredModel {
  graph: Graph;
  /** What BatchNormalizations said, by the value made by the convolution that stands for each. */
  normalizations: Map<string, FoldedNormalization>;
}

/**
 * Lowers a model whose nodes are in topological order.
 *
 * A free batch stays free where no node lets samples meet. Where the network
 * itself takes no other than one sample, the batch is fixed.
 *
 * @param options.name Name of the graph.
 * @param options.dimensions Lengths for free dimensions, by their names.
 * @throws {OnnxError} Where the model contradicts itself.
 * @throws {UnsupportedNetworkError} Where something is not supported: all of it.
 */
export function lowerModel(model: OnnxModel, options: { name: string; dimensions: Dimensions }): LoweredModel {
  const { ports, unsupported } = readInputs(model.inputs, options.dimensions);
  const parts = [...model.unsupported, ...unsupported];
  const { lowering, complaints, faults } = lowerNodes(model, ports, { complaints: complaintsAbout(model), samples: 1 });
  const names = new Set(ports.map((port) => port.value));
  const made = model.outputs.flatMap(({ name }) => outputPort(lowering, name, { inputs: names, parts }) ?? []);
  refuse(model, { parts, complaints, faults });
  const batch = followBatch(model, ports, lowering);
  const { inputs, outputs } = settleBatch({ ports, outputs: made }, batch, parts);
  refuse(model, { parts, complaints: batch.complaints, faults: [] });
  const { nodes, values, normalizations } = lowering;
  return { graph: { name: options.name, inputs, outputs, nodes, values }, normalizations };
}

/** What can be said against nodes without knowing shapes. */
function complaintsAbout(model: OnnxModel): Map<OnnxNode, Complaint> {
  const complaints = new Map<OnnxNode, Complaint>();
  const variable = new Set(model.inputs.map((port) => port.name));
  for (const node of model.nodes) {
    const isVariable = node.operator !== "Shape" && node.operator !== "Size" &&
      node.inputs.some((input) => variable.has(input));
    const complaint = complaintAbout(node, isVariable);
    if (complaint) complaints.set(node, complaint);
    if (isVariable) { for (const output of node.outputs) variable.add(output); }
  }
  return complaints;
}

/** An output; nothing where it is not supported or its maker is not. An input or a constant is copied. */
function outputPort(
  lowering: Lowering,
  name: string,
  { inputs, parts }: { inputs: ReadonlySet<string>; parts: UnsupportedPart[] },
): Port | undefined {
  const made = lowering.values.get(lowering.names.get(name) ?? "");
  const constant = lowering.constants.get(name);
  if (made === undefined && constant === undefined) return undefined;
  lowering.current = { name, operator: "Identity", domain: "", inputs: [name], outputs: [name], attributes: new Map() };
  lowering.made = 0;
  try {
    const source = made ?? operand(lowering, lowering.current, 0);
    if (source.type !== "float32") {
      const remedy = "cast it to float32 in the network, or leave it out of the outputs";
      parts.push({ reason: `Output ${quote(name)} has elements of ${source.type}: expected float32`, remedy });
      return undefined;
    }
    const value = made && !made.data && !inputs.has(made.name) ? made : emitCopy(lowering, source);
    return { name, value: value.name, shape: [...value.shape], batched: false };
  } catch (error) {
    if (!(error instanceof UnsupportedReason || error instanceof OnnxError)) throw error;
    parts.push({ reason: `Output ${quote(name)} is a constant that cannot be given: ${error.message}` });
    return undefined;
  }
}

/** The ports with what is known of the batch; notes outputs that do not stand sample by sample. */
function settleBatch(
  { ports, outputs }: { ports: InputPort[]; outputs: Port[] },
  { isFree, places }: FollowedBatch,
  parts: UnsupportedPart[],
): { inputs: Port[]; outputs: Port[] } {
  const inputs = ports.map(({ free, ...port }) => ({ ...port, batched: isFree && free !== undefined }));
  if (!isFree) return { inputs, outputs };
  const remedy = fixBatch(ports.flatMap(({ free }) => free ?? []));
  return {
    inputs,
    outputs: outputs.map((port) => {
      const place = places.get(port.name);
      if (place && (place.axis > 0 || place.outer > 1)) {
        const reason = `Output ${quote(port.name)} has its samples along axis ${place.axis}: expected axis 0`;
        parts.push({ reason, remedy });
      }
      return { ...port, batched: place !== undefined };
    }),
  };
}

function refuse(
  model: OnnxModel,
  { parts, complaints, faults }: {
    parts: readonly UnsupportedPart[];
    complaints: ReadonlyMap<OnnxNode, Complaint>;
    faults: readonly OnnxError[];
  },
): void {
  if (parts.length === 0 && complaints.size === 0) {
    if (faults.length > 0) throw faults[0];
    return;
  }
  const operators = model.nodes.filter((node) => complaints.has(node))
    .map((node) => describe(model, node, complaints.get(node)!));
  const contradictions = faults.map(({ message }) => ({ reason: message }));
  throw new UnsupportedNetworkError({ parts: [...parts, ...contradictions], operators });
}

function describe(model: OnnxModel, node: OnnxNode, complaint: Complaint): UnsupportedOperator {
  const { name, operator, domain } = node;
  const opset = domain === "" ? model.opset : model.domains.get(domain) ?? 0;
  return { node: name, operator, domain, opset, ...complaint };
}
