/**
 * The choice of the forms, u8 or f32, in which each value of a graph is needed.
 *
 * @module
 */

import { type Form, type FormChoice, keepsFloat } from "../graph/form.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { isLayer } from "../graph/layers.ts";
import type { NodeForms } from "../operators/operator.ts";
import { operatorOf } from "../operators/operators.ts";

/** Whether a node's output shares the quantisation parameters of its inputs. */
export function preservesValues(node: Node): boolean {
  return operatorOf(node).content(node).origin !== "computed";
}

/**
 * Chooses forms from the outputs back to the inputs.
 *
 * Outputs are needed as f32. Layers with weights read u8; they write u8, or f32
 * where the result is needed unrounded. An activation function that could not
 * be fused reads the unrounded f32 result of its producer, or a table maps u8
 * to u8 where the producer's result is 8 bits by nature and the function is the
 * same for all channels. What has no 8-bit kernel computes in f32.
 *
 * The more layers are kept in float, the fewer values are needed as u8. Layers
 * that sum more products than 8 bits allow are always among them.
 *
 * @param graph Channels-last graph.
 * @param float Names of layers' outputs to keep in float, or "all".
 */
export function chooseForms(graph: Graph, float: ReadonlySet<string> | "all" = new Set()): FormChoice {
  const needed = new Map<string, Set<Form>>();
  const computed = new Map<string, Form>();
  const eightBit = eightBitByNature(graph);
  const need = (value: string, form: Form) => {
    const forms = needed.get(value);
    if (forms) forms.add(form);
    else needed.set(value, new Set([form]));
  };
  const kept = float === "all" ? float : new Set(float);
  for (const output of graph.outputs) need(output.value, "f32");
  for (const node of graph.nodes.toReversed()) {
    const forms = needed.get(node.output);
    if (!forms) continue;
    const { reads, writes } = keepsFloat(float, node.output)
      ? { reads: "f32", writes: "f32" } satisfies NodeForms
      : formsOf(node, forms, graph, eightBit);
    if (kept !== "all" && isLayer(node) && reads === "f32") kept.add(node.output);
    computed.set(node.output, writes);
    for (const input of node.inputs) need(input, reads);
  }
  return { needed, computed, float: kept };
}

function formsOf(
  node: Node,
  forms: ReadonlySet<Form>,
  graph: Graph,
  eightBit: ReadonlySet<string>,
): NodeForms {
  const needed = forms.has("f32") ? "f32" : "u8";
  const operator = operatorOf(node);
  if (operator.forms === "float") return { reads: "f32", writes: "f32" };
  if (operator.forms === "needed") return { reads: needed, writes: needed };
  return operator.forms(node, {
    needed,
    isConstant: (value) => graph.values.get(value)?.data !== undefined,
    isEightBit: (value) => eightBit.has(value),
  });
}

/** Values that are rounded to 8 bits before any arithmetic: inputs, constants, and such values moved about. */
function eightBitByNature(graph: Graph): ReadonlySet<string> {
  const made = new Set(graph.nodes.map((node) => node.output));
  const found = new Set([...graph.values.keys()].filter((value) => !made.has(value)));
  for (const node of graph.nodes) {
    const { origin } = operatorOf(node).content(node);
    const moves = (origin === "moved" || origin === "selected") && found.has(node.inputs[0]);
    if (origin === "joined" || moves) found.add(node.output);
  }
  return found;
}

/**
 * Groups of values that share scale and zero point, because operators between
 * them only move elements.
 *
 * @returns The representative of each value that is needed as u8.
 */
export function shareParameters(graph: Graph, forms: FormChoice): Map<string, string> {
  const parents = new Map<string, string>();
  const find = (value: string): string => {
    let root = value;
    while (parents.get(root) !== root) root = parents.get(root)!;
    for (let next = value; next !== root;) {
      const parent = parents.get(next)!;
      parents.set(next, root);
      next = parent;
    }
    return root;
  };
  for (const [value, set] of forms.needed) if (set.has("u8")) parents.set(value, value);
  for (const node of graph.nodes) {
    if (!preservesValues(node) || forms.computed.get(node.output) !== "u8") continue;
    for (const input of node.inputs) {
      if (parents.has(input) && parents.has(node.output)) parents.set(find(node.output), find(input));
    }
  }
  return new Map([...parents.keys()].map((value) => [value, find(value)]));
}
