/**
 * What the first output of a network is, found from its graph.
 *
 * @module
 */

import type { Activation } from "../runtime/activation.ts";
import { InputRangeError } from "../runtime/errors.ts";
import type { OutputKind } from "../runtime/program.ts";
import type { Graph, Node } from "./graph/graph.ts";

/**
 * Finds what the first output is: probabilities after a softmax, independent probabilities after a sigmoid, else logits.
 *
 * What keeps values between 0 and 1 may follow, such as reshapes, slices, means, clips to 0 to 1, and products.
 */
export function findOutputKind(graph: Graph): OutputKind {
  const makers = new Map(graph.nodes.map((node) => [node.output, node]));
  const known = new Map<string, OutputKind>();
  const kindOf = (value: string): OutputKind => {
    const kind = known.get(value) ?? kindOfValue(graph, makers.get(value), kindOf, value);
    known.set(value, kind);
    return kind;
  };
  return kindOf(graph.outputs[0].value);
}

function kindOfValue(
  { values }: Graph,
  node: Node | undefined,
  kindOf: (value: string) => OutputKind,
  value: string,
): OutputKind {
  if (!node) {
    const isUnit = values.get(value)?.data?.every((element) => element >= 0 && element <= 1);
    return isUnit ? "independent-probabilities" : "logits";
  }
  if (node.op === "softmax") return values.get(node.output)!.shape[node.axis] > 1 ? "probabilities" : "logits";
  const activation: Activation = "activation" in node ? node.activation : { kind: "identity" };
  if (activation.kind === "sigmoid" || activation.kind === "hardSigmoid") return "independent-probabilities";
  if (!keepsUnitInterval(activation)) return "logits";
  const all = () => node.inputs.every((input) => kindOf(input) !== "logits");
  switch (node.op) {
    case "activation":
    case "reshape":
    case "transpose":
    case "reduceMean":
      return kindOf(node.inputs[0]);
    case "slice":
    case "concat":
    case "pool":
    case "resize":
      return all() ? "independent-probabilities" : "logits";
    case "binary":
      return ["multiply", "maximum", "minimum"].includes(node.operation) && all()
        ? "independent-probabilities"
        : "logits";
    default:
      return "logits";
  }
}

/** Whether values from 0 to 1 stay what they are. */
function keepsUnitInterval(activation: Activation): boolean {
  if (activation.kind === "clip") return activation.min <= 1e-3 && activation.max >= 1 - 1e-3;
  return ["identity", "relu", "leakyRelu"].includes(activation.kind);
}

/** How far 8-bit probabilities may be from what they are said to be. */
const TOLERANCE = 0.05;

/**
 * Holds what the first output is said to be against what it gave for a sample.
 *
 * @param isGiven Whether the kind was given, not found.
 * @returns A warning where scores that are not said to be probabilities look like some.
 * @throws {RangeError} Where probabilities that were given are beyond 0 to 1.
 */
export function checkOutputKind(scores: Float32Array, kind: OutputKind, isGiven: boolean): string[] {
  const [least, greatest] = scores.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [
    Infinity,
    -Infinity,
  ]);
  const sum = scores.reduce((total, value) => total + value, 0);
  const isUnit = least >= -TOLERANCE && greatest <= 1 + TOLERANCE;
  const seen = `the first output goes from ${round(least)} to ${round(greatest)} for a sample, and adds up to ${
    round(sum)
  }`;
  if (isGiven && kind !== "logits" && !isUnit) {
    throw new InputRangeError(`Output kind "${kind}" does not fit: ${seen}; probabilities are 0 to 1`);
  }
  const looksLikeProbabilities = least >= 0 && greatest <= 1 && Math.abs(sum - 1) <= 1e-3 && scores.length > 2;
  return kind === "logits" && !isGiven && looksLikeProbabilities
    ? [
      `Scores are taken as logits, but ${seen}: where they are probabilities already, give --output-kind probabilities`,
    ]
    : [];
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
