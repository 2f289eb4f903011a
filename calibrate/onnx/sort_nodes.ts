/**
 * Puts the nodes of an ONNX graph into topological order and checks its names.
 *
 * @module
 */

import { OnnxError, quote } from "./errors.ts";
import type { OnnxNode, OnnxPort } from "./model.ts";

/** The rest of the graph that nodes are checked against. */
export interface GraphNames {
  inputs: readonly OnnxPort[];
  outputs: readonly OnnxPort[];
  /** Whether the graph holds a constant of a name. */
  isConstant: (name: string) => boolean;
}

/**
 * Orders nodes so that each follows the makers of its inputs; an order that is
 * already right is kept.
 *
 * @throws {OnnxError} On a cycle, on an input that nothing makes, on a name made twice.
 */
export function sortNodes(nodes: readonly OnnxNode[], names: GraphNames): OnnxNode[] {
  const makers = findMakers(nodes, names);
  const inputs = new Set(names.inputs.map((port) => port.name));
  const isKnown = (name: string) => inputs.has(name) || names.isConstant(name) || makers.has(name);
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input !== "" && !isKnown(input)) {
        throw new OnnxError(`Input ${quote(input)} is made by no node`, node.name);
      }
    }
  }
  for (const { name } of names.outputs) {
    if (!isKnown(name)) {
      throw new OnnxError(`The graph's output ${quote(name)} is made by no node`);
    }
  }
  return order(nodes, makers);
}

function findMakers(nodes: readonly OnnxNode[], names: GraphNames): Map<string, number> {
  const makers = new Map<string, number>();
  const inputs = new Set(names.inputs.map((port) => port.name));
  for (const [index, node] of nodes.entries()) {
    for (const output of node.outputs) {
      if (output === "") continue;
      if (makers.has(output) || inputs.has(output) || names.isConstant(output)) {
        throw new OnnxError(`The name ${quote(output)} is given to two values`, node.name);
      }
      makers.set(output, index);
    }
  }
  return makers;
}

function order(nodes: readonly OnnxNode[], makers: ReadonlyMap<string, number>): OnnxNode[] {
  const state = new Uint8Array(nodes.length);
  const sorted: OnnxNode[] = [];
  for (let root = 0; root < nodes.length; root++) {
    if (state[root] !== 0) continue;
    const stack = [{ index: root, next: 0 }];
    state[root] = 1;
    while (stack.length > 0) {
      const frame = stack[stack.length - 1];
      const node = nodes[frame.index];
      if (frame.next === node.inputs.length) {
        state[frame.index] = 2;
        sorted.push(node);
        stack.pop();
        continue;
      }
      const maker = makers.get(node.inputs[frame.next++]);
      if (maker === undefined || state[maker] === 2) continue;
      if (state[maker] === 1) throw new OnnxError("The graph has a cycle", node.name);
      state[maker] = 1;
      stack.push({ index: maker, next: 0 });
    }
  }
  return sorted;
}
