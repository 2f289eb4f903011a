/**
 * The values whose distribution settles the scales of an 8-bit program.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import { activationTraits } from "../graph/activations.ts";
import type { FormChoice } from "../graph/form.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { ValueQuantization } from "../plan.ts";
import { preservesValues, shareParameters } from "../program/forms.ts";
import { type KnownElements, knownElements } from "./known_values.ts";

/** Values that share one scale and zero point. */
export interface ParameterGroup {
  /** All its values. */
  members: string[];
  /** The members that are computed, not moved: with what is known beforehand, they are what must be represented. */
  sources: string[];
  /** Elements of the members that are the same in every sample. */
  known: KnownElements[];
  /** Parameters that follow from the activation function alone. */
  fixed?: ValueQuantization;
}

/**
 * Groups the 8-bit values of a graph by the parameters that they share.
 *
 * @throws {RangeError} Where a constant among them has an element that is not a finite number.
 */
export function parameterGroups(graph: Graph, forms: FormChoice): ParameterGroup[] {
  const producers = new Map<string, Node>(graph.nodes.map((node) => [node.output, node]));
  const groups = new Map<string, ParameterGroup>();
  for (const [value, root] of shareParameters(graph, forms)) {
    const group = groups.get(root) ?? { members: [], sources: [], known: [] };
    groups.set(root, group);
    group.members.push(value);
    const producer = producers.get(value);
    const computed = producer && (!preservesValues(producer) || forms.computed.get(value) !== "u8");
    const known = computed ? undefined : knownElements(graph, value, producer);
    if (known) group.known.push(known);
    if (computed || (!producer && !known)) group.sources.push(value);
  }
  for (const group of groups.values()) {
    const sole = group.sources.length === 1 && group.known.length === 0;
    const activation = sole ? activationOf(producers.get(group.sources[0])) : undefined;
    const quantization = activation && activationTraits(activation).quantization;
    if (quantization) group.fixed = quantization;
  }
  return [...groups.values()];
}

/** Values other than zero where results of a node pile up: the bounds of its activation function. */
export function atomsOf(node: Node | undefined): number[] {
  const activation = activationOf(node);
  const bounds = activation && activationTraits(activation).bounds?.(activation);
  return bounds?.filter((bound) => bound !== 0 && Math.abs(bound) < 1e30) ?? [];
}

function activationOf(node: Node | undefined): Activation | undefined {
  return node && "activation" in node ? node.activation : undefined;
}
