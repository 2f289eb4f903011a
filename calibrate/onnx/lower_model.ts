/**
 * Lowers a whole model, node by node, and reports everything that is not
 * supported at once.
 *
 * @module
 */

import type { FoldedNormalization, Graph, Port, Value } from "../graph/graph.ts";
import { OnnxError, quote, type UnsupportedOperator, UnsupportedOperatorsError, UnsupportedReason } from "./errors.ts";
import { foldNode, foldShape } from "./fold/fold.ts";
import type { Lowering } from "./lowering.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { type Complaint, complaintAbout, lowerOf } from "./operators.ts";
import { readInputs } from "./read_inputs.ts";

/** A graph as it comes from the file: images are [batch, channels, height, width]. */
export interface LoweredModel {
  graph: Graph;
  /** What BatchNormalizations said, by the value made by the convolution that stands for each. */
  normalizations: Map<string, FoldedNormalization>;
}

/** Lowers a model whose nodes are in topological order. */
export function lowerModel(model: OnnxModel, name: string): LoweredModel {
  const unsupported = complaintsAbout(model);
  const { lowering, inputs } = begin(model);
  lowerNodes(model, { lowering, unsupported });
  if (unsupported.size > 0) {
    const nodes = model.nodes.filter((node) => unsupported.has(node));
    throw new UnsupportedOperatorsError(nodes.map((node) => describe(model, node, unsupported.get(node)!)));
  }
  const outputs = model.outputs.map(({ name }) => outputPort(lowering, name, inputs));
  const { nodes, values, normalizations } = lowering;
  return { graph: { name, inputs, outputs, nodes, values }, normalizations };
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

function begin(model: OnnxModel): { lowering: Lowering; inputs: Port[] } {
  const inputs = readInputs(model.inputs);
  const values = new Map<string, Value>();
  const names = new Map<string, string>();
  for (const port of inputs) {
    values.set(port.value, { name: port.value, type: "float32", shape: port.shape });
    names.set(port.name, port.value);
  }
  const lowering: Lowering = {
    opset: model.opset,
    nodes: [],
    values,
    constants: new Map(model.initializers),
    names,
    normalizations: new Map(),
    current: model.nodes[0],
    made: 0,
  };
  return { lowering, inputs };
}

function lowerNodes(
  model: OnnxModel,
  { lowering, unsupported }: { lowering: Lowering; unsupported: Map<OnnxNode, Complaint> },
): void {
  const unknown = new Set<string>();
  for (const node of model.nodes) {
    const skip = unsupported.has(node) || node.inputs.some((input) => unknown.has(input));
    if (!skip) {
      try {
        lowerNode(lowering, node);
        continue;
      } catch (error) {
        if (error instanceof UnsupportedReason) unsupported.set(node, { reason: error.message });
        else if (unsupported.size > 0 && error instanceof OnnxError) return;
        else throw error;
      }
    }
    for (const output of node.outputs) unknown.add(output);
  }
}

function lowerNode(lowering: Lowering, node: OnnxNode): void {
  lowering.current = node;
  lowering.made = 0;
  const given = node.inputs.map((input) => lowering.constants.get(input));
  const allConstant = node.inputs.every((input, i) => input === "" || given[i] !== undefined);
  if (node.operator === "Shape" || node.operator === "Size") {
    const name = node.inputs[0] ?? "";
    const shape = given[0]?.shape ?? lowering.values.get(lowering.names.get(name) ?? "")?.shape;
    if (shape === undefined) throw new OnnxError(`${node.operator} lacks its input`, node.name);
    lowering.constants.set(node.outputs[0], foldShape(node, shape));
    return;
  }
  if (allConstant) {
    const results = foldNode(lowering, node, given);
    for (const [i, output] of node.outputs.entries()) {
      if (output !== "" && results[i]) lowering.constants.set(output, results[i]);
    }
    return;
  }
  const lower = lowerOf(node.operator);
  if (lower === undefined) {
    throw new UnsupportedReason("its inputs are not all constant");
  }
  const first = lowering.nodes.length;
  const result = lower(lowering, node);
  bindOutputs(lowering, { node, first, results: Array.isArray(result) ? result : [result] });
}

/** Gives the node's results the names that they have in the file. */
function bindOutputs(
  lowering: Lowering,
  { node, first, results }: { node: OnnxNode; first: number; results: Value[] },
): void {
  const made = lowering.nodes.slice(first);
  const own = new Set(made.map((maker) => maker.output));
  const renamed = new Map<string, string>();
  for (const [i, output] of node.outputs.entries()) {
    const value = results[i];
    if (output === "" || value === undefined) continue;
    if (own.delete(value.name) && !lowering.values.has(output)) {
      renamed.set(value.name, output);
      renameValue(lowering, value, output);
    }
    lowering.names.set(output, value.name);
  }
  if (renamed.size === 0) return;
  for (const maker of made) {
    maker.output = renamed.get(maker.output) ?? maker.output;
    maker.inputs = maker.inputs.map((input) => renamed.get(input) ?? input);
  }
}

function renameValue(lowering: Lowering, value: Value, name: string): void {
  const normalization = lowering.normalizations.get(value.name);
  if (normalization) {
    lowering.normalizations.delete(value.name);
    lowering.normalizations.set(name, normalization);
  }
  lowering.values.delete(value.name);
  value.name = name;
  lowering.values.set(name, value);
}

function outputPort(lowering: Lowering, name: string, inputs: readonly Port[]): Port {
  const value = lowering.values.get(lowering.names.get(name) ?? "");
  if (value === undefined) {
    throw new OnnxError(`The graph's output ${quote(name)} does not depend on an input`);
  }
  if (inputs.some((input) => input.value === value.name)) {
    throw new OnnxError(`The graph's output ${quote(name)} is an input, unchanged`);
  }
  const batched = inputs.some((input) => input.batched) && value.shape[0] === 1;
  return { name, value: value.name, shape: [...value.shape], batched };
}

function describe(model: OnnxModel, node: OnnxNode, complaint: Complaint): UnsupportedOperator {
  const { name, operator, domain } = node;
  const opset = domain === "" ? model.opset : model.domains.get(domain) ?? 0;
  return { node: name, operator, domain, opset, ...complaint };
}
