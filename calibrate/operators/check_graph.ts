/**
 * Checks that a graph in channels-last form is consistent.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { sameShape } from "../graph/shape.ts";
import { operatorOf } from "./operators.ts";

/**
 * Checks a graph: nodes are in topological order, each value is made once,
 * shapes are what the nodes make of their inputs, parameters fit.
 *
 * @throws {TypeError} On the first inconsistency.
 */
export function verifyGraph(graph: Graph): void {
  const known = new Set<string>();
  for (const port of graph.inputs) {
    if (known.has(port.value)) throw new TypeError(`Input "${port.value}" is defined twice`);
    requireValue(graph, port.value);
    known.add(port.value);
  }
  for (const [name, value] of graph.values) {
    if (value.name !== name) throw new TypeError(`Value "${name}" is named "${value.name}"`);
    if (value.data === undefined) continue;
    if (value.data.length !== elementCount(value.shape)) {
      throw new TypeError(`Constant "${name}" of shape [${value.shape}] has ${value.data.length} elements`);
    }
    known.add(name);
  }
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) throw new TypeError(`Two nodes are named "${node.name}"`);
    names.add(node.name);
    for (const input of node.inputs) {
      if (!known.has(input)) throw new TypeError(`Node "${node.name}" reads "${input}" too early`);
    }
    if (known.has(node.output)) throw new TypeError(`Value "${node.output}" is defined twice`);
    known.add(node.output);
    const inputs = node.inputs.map((input) => requireValue(graph, input).shape);
    checkNode(node, inputs, requireValue(graph, node.output).shape);
  }
  for (const port of graph.outputs) {
    if (!known.has(port.value)) throw new TypeError(`Output "${port.value}" is never made`);
    if (elementCount(requireValue(graph, port.value).shape) !== elementCount(port.shape)) {
      throw new TypeError(`Output "${port.name}" has another shape than its value`);
    }
  }
}

/** A node that the kernels cannot take. */
export interface Refusal {
  node: Node;
  /** Why, to stand after "it". */
  reason: string;
}

/** The nodes of a graph in channels-last form that are beyond what can be lowered; every other is lowered. */
export function refuseNodes(graph: Graph): Refusal[] {
  const shape = (value: string) => graph.values.get(value)!.shape;
  return graph.nodes.flatMap((node) => {
    const reason = operatorOf(node).limits(node, { inputs: node.inputs.map(shape), output: shape(node.output) });
    return reason === undefined ? [] : [{ node, reason }];
  });
}

function requireValue(graph: Graph, name: string): Value {
  const value = graph.values.get(name);
  if (value === undefined) throw new TypeError(`Value "${name}" is unknown`);
  return value;
}

function checkNode(node: Node, inputs: number[][], output: number[]): void {
  const operator = operatorOf(node);
  const expected = operator.shape(node, inputs, { order: "channelsLast", wanted: output });
  if (typeof expected === "string") throw new TypeError(`Node "${node.name}" (${node.op}) ${expected}`);
  if (!sameShape(expected, output)) {
    throw new TypeError(
      `Node "${node.name}" (${node.op}) makes [${output}] of ${inputs.map((shape) => `[${shape}]`).join(" and ")}: ` +
        `expected [${expected}]`,
    );
  }
  const fault = operator.check(node);
  if (fault) throw new TypeError(`Node "${node.name}" ${fault}`);
}
