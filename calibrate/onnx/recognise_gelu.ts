/**
 * Finds the GELU activations that exporters spell out.
 *
 * @module
 */

import type { OnnxModel, OnnxNode } from "./model.ts";
import { type Pattern, patternOf, withoutUnused } from "./pattern.ts";

/**
 * Replaces each spelled-out GELU by one Gelu node:
 * 0.5 x (1 + erf(x / sqrt(2))) and
 * 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), with the products in any
 * order.
 */
export function recogniseGelu(model: OnnxModel): OnnxModel {
  const view: View = { ...patternOf(model), rank: 0 };
  const replaced = new Map<OnnxNode, OnnxNode>();
  for (const core of model.nodes) {
    if (core.operator !== "Erf" && core.operator !== "Tanh") continue;
    view.rank = 0;
    const input = core.operator === "Erf" ? errorArgument(view, core) : tanhArgument(view, core);
    const last = input && gateAround(view, core, input);
    if (!last) continue;
    replaced.set(last, {
      ...last,
      operator: "Gelu",
      inputs: [input],
      attributes: new Map([
        ["approximate", { kind: "string", value: core.operator === "Erf" ? "none" : "tanh" }],
        [LEAST_RANK, { kind: "int", value: view.rank }],
      ]),
    });
  }
  if (replaced.size === 0) return model;
  const nodes = model.nodes.map((node) => replaced.get(node) ?? node);
  return { ...model, nodes: withoutUnused(model, nodes) };
}

/** An attribute of a recognised Gelu: the number of dimensions that its constants raise its result to. */
export const LEAST_RANK = "least_rank_of_result";

/** A view of the nodes, with the most dimensions of the constants that were matched. */
interface View extends Pattern {
  rank: number;
}

/** Whether a constant is a number, whose dimensions are then noted. */
function matches(view: View, name: string, wanted: number): boolean {
  const tensor = view.constant(name);
  if (tensor?.data.length !== 1 || !(Math.abs(tensor.data[0] - wanted) < 1e-4 * Math.abs(wanted))) return false;
  view.rank = Math.max(view.rank, tensor.shape.length);
  return true;
}

/** The other operand of arithmetic with a given number. */
function besides(
  view: View,
  node: OnnxNode | undefined,
  wanted: { operator: string; number: number },
): string | undefined {
  if (node?.operator !== wanted.operator || node.inputs.length !== 2) return undefined;
  const [a, b] = node.inputs;
  if (matches(view, b, wanted.number)) return a;
  if (wanted.operator !== "Div" && matches(view, a, wanted.number)) return b;
  return undefined;
}

/** x of erf(x / sqrt(2)). */
function errorArgument(view: View, core: OnnxNode): string | undefined {
  const made = view.producers.get(core.inputs[0]);
  return besides(view, made, { operator: "Div", number: Math.SQRT2 }) ??
    besides(view, made, { operator: "Mul", number: Math.SQRT1_2 });
}

/** x of tanh(sqrt(2 / pi) (x + 0.044715 x^3)). */
function tanhArgument(view: View, core: OnnxNode): string | undefined {
  const scaled = { operator: "Mul", number: Math.sqrt(2 / Math.PI) };
  const sum = view.producers.get(besides(view, view.producers.get(core.inputs[0]), scaled) ?? "");
  if (sum?.operator !== "Add") return undefined;
  for (const [x, term] of [sum.inputs, sum.inputs.toReversed()]) {
    const coefficient = { operator: "Mul", number: 0.044715 };
    const cube = besides(view, view.producers.get(term), coefficient);
    if (cube !== undefined && isCube(view, cube, x)) return x;
  }
  return undefined;
}

function isCube(view: View, cube: string, x: string): boolean {
  const made = view.producers.get(cube);
  if (made?.operator === "Pow") return made.inputs[0] === x && matches(view, made.inputs[1], 3);
  if (made?.operator !== "Mul") return false;
  return [made.inputs, made.inputs.toReversed()].some(([a, square]) => {
    const inner = view.producers.get(square);
    return a === x && inner?.operator === "Mul" && inner.inputs.every((input) => input === x);
  });
}

/** The last of the products of (1 + core), x and 1/2. */
function gateAround(view: View, core: OnnxNode, x: string): OnnxNode | undefined {
  const sum = view.reader(core.outputs[0]);
  if (besides(view, sum, { operator: "Add", number: 1 }) !== core.outputs[0]) return undefined;
  const half = { operator: "Mul", number: 0.5 };
  let value = sum!.outputs[0];
  const rest = new Set(["x", "half"]);
  let last: OnnxNode | undefined;
  while (rest.size > 0) {
    const next = view.reader(value);
    if (next?.operator !== "Mul") return undefined;
    const other = next.inputs[0] === value ? next.inputs[1] : next.inputs[0];
    const halved = besides(view, view.producers.get(other), half) === x;
    if (rest.size === 2 && halved) rest.clear();
    else if (rest.has("x") && other === x) rest.delete("x");
    else if (rest.has("half") && besides(view, next, half) === value) rest.delete("half");
    else return undefined;
    last = next;
    value = next.outputs[0];
  }
  return last;
}
