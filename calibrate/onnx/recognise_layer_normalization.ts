/**
 * Finds the layer normalisations that exporters spell out.
 *
 * @module
 */

import { intAttribute, intsAttribute } from "./attributes.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { type Pattern, patternOf, withoutUnused } from "./pattern.ts";
import type { Tensor } from "./tensor.ts";

/** An attribute of a recognised LayerNormalization: all its axes, which must be the last ones. */
export const RECOGNISED_AXES = "recognised_axes";

/** Name of the factor of layer normalisations that have none. */
const ONE = "layer normalisation/one";

/**
 * Replaces (x - mean) / sqrt(mean of squares + epsilon), with a constant factor
 * and addend behind it where there are any, by one LayerNormalization node.
 */
export function recogniseLayerNormalization(model: OnnxModel): OnnxModel {
  const pattern = patternOf(model);
  const replaced = new Map<OnnxNode, OnnxNode>();
  for (const quotient of model.nodes) {
    const found = quotient.operator === "Div" ? normalized(pattern, quotient) : undefined;
    if (found === undefined) continue;
    const scaled = withParameter(pattern, quotient, { operator: "Mul", most: found.axes.length });
    const shifted = withParameter(pattern, scaled?.node ?? quotient, { operator: "Add", most: found.axes.length });
    const last = shifted?.node ?? scaled?.node ?? quotient;
    replaced.set(last, {
      ...last,
      operator: "LayerNormalization",
      inputs: [found.input, scaled?.parameter ?? ONE, ...(shifted ? [shifted.parameter] : [])],
      attributes: new Map([
        ["axis", { kind: "int", value: Math.min(...found.axes) }],
        ["epsilon", { kind: "float", value: found.epsilon }],
        [RECOGNISED_AXES, { kind: "ints", value: found.axes }],
      ]),
    });
  }
  if (replaced.size === 0) return model;
  const one: Tensor = { type: "float32", shape: [], data: Float32Array.of(1) };
  const nodes = model.nodes.map((node) => replaced.get(node) ?? node);
  const initializers = new Map([...model.initializers, [ONE, one]]);
  return { ...model, initializers, nodes: withoutUnused(model, nodes) };
}

/** x, axes and epsilon of a quotient that normalises. */
function normalized(
  { producers, constant }: Pattern,
  quotient: OnnxNode,
): { input: string; axes: number[]; epsilon: number } | undefined {
  const [centred, root] = quotient.inputs;
  const difference = producers.get(centred);
  const sum = producers.get(producers.get(root)?.operator === "Sqrt" ? producers.get(root)!.inputs[0] : "");
  if (difference?.operator !== "Sub" || sum?.operator !== "Add") return undefined;
  const input = difference.inputs[0];
  const axes = meanAxes(producers.get(difference.inputs[1]), input, constant);
  for (const [variance, number] of [sum.inputs, sum.inputs.toReversed()]) {
    const epsilon = constant(number);
    const mean = producers.get(variance);
    const square = mean && producers.get(mean.inputs[0]);
    if (axes === undefined || epsilon?.data.length !== 1 || !(epsilon.data[0] >= 0) || !square) continue;
    // Constants of more dimensions would raise those of the result.
    if (epsilon.shape.length > axes.length || !isSquare(square, { value: centred, most: axes.length }, constant)) {
      continue;
    }
    const same = meanAxes(mean, square.outputs[0], constant);
    if (same?.join() === axes.join()) return { input, axes, epsilon: epsilon.data[0] };
  }
  return undefined;
}

/** The axes, ascending, of a mean of a value that keeps its dimensions. */
function meanAxes(mean: OnnxNode | undefined, input: string, constant: Pattern["constant"]): number[] | undefined {
  if (mean?.operator !== "ReduceMean" || mean.inputs[0] !== input || intAttribute(mean, "keepdims", 1) !== 1) {
    return undefined;
  }
  const given = mean.inputs[1] ? constant(mean.inputs[1]) : undefined;
  const axes = given ? Array.from(given.data) : intsAttribute(mean, "axes");
  return axes && axes.length > 0 ? axes.toSorted((a, b) => a - b) : undefined;
}

function isSquare(
  node: OnnxNode,
  { value, most }: { value: string; most: number },
  constant: Pattern["constant"],
): boolean {
  if (node.operator === "Mul") return node.inputs.every((input) => input === value);
  const exponent = node.operator === "Pow" ? constant(node.inputs[1]) : undefined;
  const isTwo = exponent?.data.length === 1 && exponent.data[0] === 2 && exponent.shape.length <= most;
  return isTwo && node.inputs[0] === value;
}

/** The node that alone reads another one and multiplies or adds a constant of at most so many dimensions. */
function withParameter(
  { reader, constant }: Pattern,
  node: OnnxNode,
  { operator, most }: { operator: string; most: number },
): { node: OnnxNode; parameter: string } | undefined {
  const value = node.outputs[0];
  const next = reader(value);
  if (next?.operator !== operator || next.inputs.length !== 2) return undefined;
  const parameter = next.inputs[0] === value ? next.inputs[1] : next.inputs[0];
  const tensor = constant(parameter);
  const fits = tensor && tensor.shape.length <= most;
  return fits ? { node: next, parameter } : undefined;
}
