/**
 * Finds activation functions that exporters spell out: x * sigmoid(x),
 * clip(x + 3, 0, 6) / 6 and x times that.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { BinaryNode, Graph, Node } from "../graph/graph.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/** The graph with spelled-out SiLU, HardSwish and HardSigmoid made activations. */
export function recogniseGates(graph: Graph): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  const match: Matcher = { graph, made, isPrivate };
  for (const node of graph.nodes) {
    made.set(node.output, node);
    if (node.op !== "binary" || node.activation.kind !== "identity") continue;
    const found = hardSigmoidFrom(node, match) ?? sixthOfGate(node, match) ?? gate(node, match);
    if (found) {
      made.set(node.output, {
        op: "activation",
        name: node.name,
        inputs: [found.input],
        output: node.output,
        activation: found.activation,
      });
    }
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

interface Matcher {
  graph: Graph;
  made: ReadonlyMap<string, Node>;
  isPrivate: (value: string) => boolean;
}

interface Found {
  input: string;
  activation: Activation;
}

/** The variable of arithmetic with a constant that is one given number. */
function withNumber(
  node: Node | undefined,
  { graph }: Matcher,
  wanted: { operation: BinaryNode["operation"]; number: number }[],
): string | undefined {
  if (node?.op !== "binary" || node.activation.kind !== "identity") return undefined;
  const at = node.inputs.findIndex((name) => graph.values.get(name)!.data?.length === 1);
  if (at < 0) return undefined;
  const number = graph.values.get(node.inputs[at])!.data![0];
  const fits = wanted.some((want) =>
    want.operation === node.operation && (node.operation !== "divide" || at === 1) &&
    Math.abs(number - want.number) <= 1e-6 * Math.abs(want.number)
  );
  const variable = node.inputs[1 - at];
  const sameSize = graph.values.get(variable)!.shape.length === graph.values.get(node.output)!.shape.length;
  return fits && sameSize ? variable : undefined;
}

const SIXTH: { operation: BinaryNode["operation"]; number: number }[] = [
  { operation: "divide", number: 6 },
  { operation: "multiply", number: 1 / 6 },
];

/** x, where the value is clip(x + 3, 0, 6). */
function sixSigmoid(value: string, match: Matcher): string | undefined {
  const clip = match.made.get(value);
  if (clip?.op !== "activation" || clip.activation.kind !== "clip") return undefined;
  if (clip.activation.min !== 0 || clip.activation.max !== 6) return undefined;
  if (!match.isPrivate(value) || !match.isPrivate(clip.inputs[0])) return undefined;
  return withNumber(match.made.get(clip.inputs[0]), match, [{ operation: "add", number: 3 }]);
}

/** clip(x + 3, 0, 6) / 6. */
function hardSigmoidFrom(node: BinaryNode, match: Matcher): Found | undefined {
  const value = withNumber(node, match, SIXTH);
  const input = value === undefined ? undefined : sixSigmoid(value, match);
  if (input === undefined) return undefined;
  return { input, activation: { kind: "hardSigmoid", alpha: Math.fround(1 / 6), beta: 0.5 } };
}

/** (x * clip(x + 3, 0, 6)) / 6. */
function sixthOfGate(node: BinaryNode, match: Matcher): Found | undefined {
  const value = withNumber(node, match, SIXTH);
  const product = value === undefined ? undefined : match.made.get(value);
  if (product?.op !== "binary" || product.operation !== "multiply") return undefined;
  if (!match.isPrivate(product.output) || product.activation.kind !== "identity") return undefined;
  for (const [input, factor] of bothWays(product)) {
    if (sixSigmoid(factor, match) === input) return { input, activation: { kind: "hardSwish" } };
  }
  return undefined;
}

/** x * sigmoid(x), x * hardSigmoid(x). */
function gate(node: BinaryNode, match: Matcher): Found | undefined {
  if (node.operation !== "multiply") return undefined;
  for (const [input, factor] of bothWays(node)) {
    const sigmoid = match.made.get(factor);
    if (sigmoid?.op !== "activation" || sigmoid.inputs[0] !== input) continue;
    if (!match.isPrivate(factor)) continue;
    const { activation } = sigmoid;
    if (activation.kind === "sigmoid") return { input, activation: { kind: "silu" } };
    const isHard = activation.kind === "hardSigmoid" &&
      Math.abs(activation.alpha - 1 / 6) < 1e-6 && activation.beta === 0.5;
    if (isHard) return { input, activation: { kind: "hardSwish" } };
  }
  return undefined;
}

function bothWays(node: BinaryNode): [string, string][] {
  return [[node.inputs[0], node.inputs[1]], [node.inputs[1], node.inputs[0]]];
}
