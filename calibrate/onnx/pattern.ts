/**
 * What is asked about the nodes of a model when patterns of them are sought.
 *
 * @module
 */

import { tensorAttribute } from "./attributes.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import type { Tensor } from "./tensor.ts";

/** The nodes of a model by their values. */
export interface Pattern {
  /** The node that makes each value. */
  producers: ReadonlyMap<string, OnnxNode>;
  /** The only node that reads a value; undefined where there is none, or another one, or the value is an output. */
  reader(name: string): OnnxNode | undefined;
  /** A constant. */
  constant(name: string): Tensor | undefined;
}

/** Looks around in a model. */
export function patternOf(model: OnnxModel): Pattern {
  const producers = new Map<string, OnnxNode>();
  const readers = new Map<string, OnnxNode[]>();
  const outputs = new Set(model.outputs.map(({ name }) => name));
  for (const node of model.nodes) {
    for (const output of node.outputs) producers.set(output, node);
    for (const input of node.inputs) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return {
    producers,
    reader(name) {
      const list = readers.get(name);
      return list?.length === 1 && !outputs.has(name) ? list[0] : undefined;
    },
    constant(name) {
      const made = producers.get(name);
      return made?.operator === "Constant" ? tensorAttribute(made, "value") : model.initializers.get(name);
    },
  };
}

/** The nodes on which the outputs of a model depend. */
export function withoutUnused(model: OnnxModel, nodes: readonly OnnxNode[]): OnnxNode[] {
  const used = new Set(model.outputs.map((port) => port.name));
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => used.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) used.add(input);
  }
  return kept.reverse();
}
