/**
 * Follows the samples of a free batch through a network: whether they stay
 * apart in every node.
 *
 * The network is lowered a second time, with several samples, so that shapes
 * and constants that depend on their number are what they are. Then each node
 * says where samples stand in its result.
 *
 * @module
 */

import { sameShape } from "../graph/shape.ts";
import { operatorOf } from "../operators/operators.ts";
import type { SamplePlace } from "../operators/samples.ts";
import { quote } from "./errors.ts";
import { lowerNodes } from "./lower_nodes.ts";
import type { Lowering } from "./lowering.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import type { Complaint } from "./operators.ts";
import type { InputPort } from "./read_inputs.ts";
import { fixBatch } from "./remedies.ts";
import type { Tensor } from "./tensor.ts";

/** Number of samples that the network is looked at with. */
const SAMPLES = 3;

/** What became of a free batch. */
export interface FollowedBatch {
  /** Whether it stays free; false where no input has one, or where the network takes no other than one sample. */
  isFree: boolean;
  /** Where samples stand, by the name of a value in the file; absent where a value is the same for all samples. */
  places: ReadonlyMap<string, SamplePlace>;
  /** Nodes in which samples would meet. */
  complaints: ReadonlyMap<OnnxNode, Complaint>;
}

/** @param one The network as lowered with one sample. */
export function followBatch(model: OnnxModel, inputs: readonly InputPort[], one: Lowering): FollowedBatch {
  const free = inputs.filter((port) => port.free !== undefined);
  const fixed: FollowedBatch = { isFree: false, places: new Map(), complaints: new Map() };
  if (free.length === 0) return fixed;
  const several = lowerNodes(model, inputs, { complaints: new Map(), samples: SAMPLES });
  if (several.complaints.size > 0 || several.faults.length > 0) return fixed;
  const remedy = fixBatch(free.map((port) => port.free!));
  const complaints = new Map<OnnxNode, Complaint>();
  const context: Following = {
    model,
    one,
    several: several.lowering,
    places: new Map(),
    reasons: new Map(),
    met: new Set(),
  };
  for (const port of free) context.places.set(port.value, { axis: 0, outer: 1 });
  placeConstants(context);
  for (const node of model.nodes) {
    const reason = dependence(context, node);
    if (reason !== undefined) complaints.set(node, { reason, remedy });
  }
  followNodes(context);
  for (const node of model.nodes) {
    const reason = context.reasons.get(node.name) ?? change(context, node);
    if (reason !== undefined && !complaints.has(node)) complaints.set(node, { reason, remedy });
  }
  const places = new Map<string, SamplePlace>();
  for (const [name, value] of several.lowering.names) {
    const place = context.places.get(value);
    if (place) places.set(name, place);
  }
  return { isFree: true, places, complaints };
}

interface Following {
  model: OnnxModel;
  one: Lowering;
  several: Lowering;
  /** Where samples stand in the graph's values. */
  places: Map<string, SamplePlace>;
  /** Why samples meet, by the name of the node. */
  reasons: Map<string, string>;
  /** Values in which samples have met. */
  met: Set<string>;
}

/** Constants that hold the same for each of several samples, such as an expanded one, have samples, too. */
function placeConstants({ one, several, places }: Following): void {
  for (const [value, name] of several.origins) {
    const axis = repeatedAxis(one.constants.get(name)!, several.constants.get(name)!);
    if (axis !== undefined) places.set(value, { axis, outer: 1 });
  }
}

function followNodes({ several, places, reasons, met }: Following): void {
  for (const node of several.nodes) {
    if (node.inputs.some((input) => met.has(input))) {
      met.add(node.output);
      continue;
    }
    const own = node.inputs.map((input) => places.get(input));
    if (own.every((place) => place === undefined)) continue;
    const shapeOf = (value: string) => several.values.get(value)!.shape;
    const place = operatorOf(node).samples(node, own, {
      inputs: node.inputs.map(shapeOf),
      output: shapeOf(node.output),
      count: SAMPLES,
    });
    if (typeof place === "string") {
      reasons.set(node.name, place);
      met.add(node.output);
    } else {
      places.set(node.output, place);
    }
  }
}

/** Inputs that only settle shapes, by operator: these may depend on the number of samples, as shapes are compared. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  Expand: [1],
  Reshape: [1],
  Resize: [2, 3],
  Slice: [2],
  Upsample: [1],
};

/** Operators that take a constant that holds the same for each sample as a value of as many samples. */
const ELEMENTWISE = new Set([
  ...["Add", "And", "Concat", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mod"],
  ...["Mul", "Or", "Pow", "Sub", "Sum", "Where", "Xor"],
]);

/** Why a node's constants depend on the number of samples, where they do in a way that shows in values. */
function dependence({ one, several }: Following, node: OnnxNode): string | undefined {
  if (node.inputs.every((input) => !several.names.has(input))) return undefined;
  const allowed = SHAPES[node.operator] ?? [];
  for (const [i, input] of node.inputs.entries()) {
    const [before, after] = [one.constants.get(input), several.constants.get(input)];
    if (!before || !after || allowed.includes(i) || isSame(before, after)) continue;
    if (ELEMENTWISE.has(node.operator) && repeatedAxis(before, after) !== undefined) continue;
    return `its input ${quote(input)} depends on the number of samples`;
  }
  return undefined;
}

/** Why a node's results do not have one row for each sample, where they have another shape. */
function change({ one, several, places, met }: Following, node: OnnxNode): string | undefined {
  for (const output of node.outputs) {
    const value = several.names.get(output);
    const before = one.values.get(one.names.get(output) ?? "");
    if (value === undefined || before === undefined || met.has(value)) continue;
    const place = places.get(value);
    const { shape } = several.values.get(value)!;
    const expected = shape.map((length, axis) => axis === place?.axis ? length / SAMPLES : length);
    if (!sameShape(before.shape, expected)) {
      return `its output ${quote(output)} has the shape [${before.shape}] for one sample and [${shape}] for ${SAMPLES}`;
    }
  }
  return undefined;
}

function isSame(a: Tensor, b: Tensor): boolean {
  return a === b ||
    (a.type === b.type && sameShape(a.shape, b.shape) && a.data.every((element, i) => element === b.data[i]));
}

/** The axis along which a tensor repeats another as many times as there are samples. */
function repeatedAxis(one: Tensor, several: Tensor): number | undefined {
  if (one === several || one.shape.length !== several.shape.length) return undefined;
  const axis = one.shape.findIndex((length, i) => length !== several.shape[i]);
  if (axis < 0 || one.shape[axis] !== 1 || several.shape[axis] !== SAMPLES) return undefined;
  if (one.shape.some((length, i) => i !== axis && length !== several.shape[i])) return undefined;
  const run = one.shape.slice(axis).reduce((count, length) => count * length, 1);
  const repeats = several.data.every((element, i) =>
    element === one.data[Math.floor(i / (run * SAMPLES)) * run + i % run]
  );
  return repeats ? axis : undefined;
}
