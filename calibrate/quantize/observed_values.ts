/**
 * The values whose distribution settles the scales of an 8-bit program.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { Graph, Node } from "../graph.ts";
import { type FormChoice, preservesValues, shareParameters } from "../lower/forms.ts";
import type { ValueQuantization } from "./plan.ts";

/** Values that share one scale and zero point. */
export interface ParameterGroup {
  /** All its values. */
  members: string[];
  /** The members that are computed, not moved: their union is what must be represented. */
  sources: string[];
  /** Parameters that follow from the activation function alone. */
  fixed?: ValueQuantization;
}

/** Parameters of results with a known range, as in the TensorFlow Lite quantisation specification. */
const FIXED: Partial<Record<Activation["kind"], ValueQuantization>> = {
  sigmoid: { scale: 1 / 256, zeroPoint: 0 },
  hardSigmoid: { scale: Math.fround(1 / 255), zeroPoint: 0 },
  tanh: { scale: 1 / 128, zeroPoint: 128 },
};

/** Groups the 8-bit values of a graph by the parameters that they share. */
export function parameterGroups(graph: Graph, forms: FormChoice): ParameterGroup[] {
  const producers = new Map<string, Node>(graph.nodes.map((node) => [node.output, node]));
  const groups = new Map<string, ParameterGroup>();
  for (const [value, root] of shareParameters(graph, forms)) {
    const group = groups.get(root) ?? { members: [], sources: [] };
    groups.set(root, group);
    group.members.push(value);
    const producer = producers.get(value);
    if (!producer || !preservesValues(producer) || forms.computed.get(value) !== "u8") group.sources.push(value);
  }
  for (const group of groups.values()) {
    const fixed = group.sources.length === 1 ? FIXED[activationOf(producers.get(group.sources[0]))] : undefined;
    if (fixed) group.fixed = fixed;
  }
  return [...groups.values()];
}

/** Values other than zero where results of a node pile up: the bounds of a clip. */
export function atomsOf(node: Node | undefined): number[] {
  if (!node || !("activation" in node) || node.activation.kind !== "clip") return [];
  const { min, max } = node.activation;
  return [min, max].filter((bound) => bound !== 0 && Math.abs(bound) < 1e30);
}

function activationOf(node: Node | undefined): Activation["kind"] {
  return node && "activation" in node ? node.activation.kind : "identity";
}
