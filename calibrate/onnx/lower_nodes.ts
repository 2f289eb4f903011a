/**
 * Folds or lowers the nodes of a model one after another.
 *
 * @module
 */

import type { Value } from "../graph/graph.ts";
import { checkArity } from "./arity.ts";
import { OnnxError, quote, UnsupportedReason } from "./errors.ts";
import { foldNode, foldShape, isFoldable } from "./fold/fold.ts";
import type { Lowering } from "./lowering.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { type Complaint, lowerOf } from "./operators.ts";
import type { InputPort } from "./read_inputs.ts";
import { COMPUTED_ELEMENTS, COMPUTED_PER_ELEMENT } from "./tensor.ts";

/** What became of a model's nodes. */
export interface LoweredNodes {
  lowering: Lowering;
  /** Nodes that are not supported. */
  complaints: Map<OnnxNode, Complaint>;
  /** What contradicts itself. */
  faults: OnnxError[];
}

/**
 * Lowers the nodes of a model, as far as what they read is known.
 *
 * @param inputs Those that are supported.
 * @param options.complaints Nodes to leave out.
 * @param options.samples Number of samples that stands for a free batch.
 */
export function lowerNodes(
  model: OnnxModel,
  inputs: readonly InputPort[],
  options: { complaints: ReadonlyMap<OnnxNode, Complaint>; samples: number },
): LoweredNodes {
  const lowering = begin(model, inputs, options.samples);
  const complaints = new Map(options.complaints);
  const faults: OnnxError[] = [];
  const unknown = new Set(model.unread);
  for (const { name } of model.inputs) if (!lowering.names.has(name)) unknown.add(name);
  for (const node of model.nodes) {
    if (!complaints.has(node) && !node.inputs.some((input) => unknown.has(input))) {
      try {
        lowerNode(lowering, node);
        continue;
      } catch (error) {
        if (error instanceof OnnxError) faults.push(error);
        else if (error instanceof UnsupportedReason) complaints.set(node, complaintOf(error));
        else throw error;
      }
    }
    for (const output of node.outputs) unknown.add(output);
  }
  return { lowering, complaints, faults };
}

function complaintOf({ message, remedy }: UnsupportedReason): Complaint {
  return { reason: message, ...(remedy !== undefined && { remedy }) };
}

function begin(model: OnnxModel, inputs: readonly InputPort[], samples: number): Lowering {
  const values = new Map<string, Value>();
  const names = new Map<string, string>();
  for (const { name, value, shape, free } of inputs) {
    values.set(value, {
      name: value,
      type: "float32",
      shape: free === undefined ? shape : [samples, ...shape.slice(1)],
    });
    names.set(name, value);
  }
  let given = 0;
  for (const { data } of model.initializers.values()) given += data.length;
  return {
    opset: model.opset,
    nodes: [],
    values,
    constants: new Map(model.initializers),
    names,
    normalizations: new Map(),
    current: model.nodes[0],
    made: 0,
    samples,
    readers: readersOf(model),
    origins: new Map(),
    room: samples * (COMPUTED_ELEMENTS + COMPUTED_PER_ELEMENT * given),
    computed: 0,
  };
}

function readersOf({ nodes, outputs }: OnnxModel): Map<string, Set<string>> {
  const readers = new Map<string, Set<string>>();
  const note = (name: string, operator: string) => {
    const known = readers.get(name);
    if (known) known.add(operator);
    else readers.set(name, new Set([operator]));
  };
  for (const { operator, inputs } of nodes) for (const input of inputs) note(input, operator);
  for (const { name } of outputs) note(name, "");
  return readers;
}

function lowerNode(lowering: Lowering, node: OnnxNode): void {
  lowering.current = node;
  lowering.made = 0;
  checkArity(node);
  const given = node.inputs.map((input) => lowering.constants.get(input));
  if (node.operator === "Shape" || node.operator === "Size") {
    const [name] = node.inputs;
    const shape = given[0]?.shape ?? lowering.values.get(lowering.names.get(name)!)!.shape;
    lowering.constants.set(node.outputs[0], foldShape(node, shape));
    return;
  }
  const isConstant = node.inputs.every((input, i) => input === "" || given[i] !== undefined);
  if (isConstant && (isFoldable(node.operator) || lowerOf(node.operator) === undefined)) {
    const results = foldNode(lowering, node, given);
    requireOutputs(lowering, node, results.length);
    for (const [i, output] of node.outputs.entries()) {
      if (output !== "" && results[i]) lowering.constants.set(output, results[i]);
    }
    return;
  }
  const lower = lowerOf(node.operator);
  if (lower === undefined) throw new UnsupportedReason("its inputs are not all constant");
  const first = lowering.nodes.length;
  const result = lower(lowering, node);
  const results = Array.isArray(result) ? result : [result];
  requireOutputs(lowering, node, results.length);
  bindOutputs(lowering, { node, first, results });
}

function requireOutputs(lowering: Lowering, node: OnnxNode, made: number): void {
  const more = node.outputs.slice(made).find((output) => output !== "" && lowering.readers.has(output));
  if (more !== undefined) throw new UnsupportedReason(`its output ${quote(more)} is used`);
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
