/**
 * Draws normalisations, softmaxes and reductions, also where nobody expects them.
 *
 * @module
 */

import { type AttributeValue, float, floats } from "../../../support/onnx_writer.ts";
import {
  append,
  axesOf,
  chance,
  constant,
  type Draft,
  drawAxis,
  type Drawer,
  drawValue,
  isFixed,
  numbers,
  signed,
  type Value,
  weights,
} from "../draft.ts";
import { withAxes } from "./movement.ts";

/** Appends a BatchNormalization to a value. */
export function appendBatchNormalization(draft: Draft, value: Value): Value | undefined {
  const channels = value.shape[1];
  const inputs = [
    value.name,
    constant(draft, floats([channels], numbers(draft, channels).map((x) => 1 + x / 3))),
    weights(draft, [channels], 0.5),
    weights(draft, [channels], 0.5),
    constant(draft, floats([channels], numbers(draft, channels).map((x) => Math.abs(x) + 0.2))),
  ];
  const attributes: Record<string, AttributeValue> = chance(draft, 0.5) ? { epsilon: float(1e-3) } : {};
  return append(draft, "BatchNormalization", inputs, value.shape, attributes);
}

const drawBatchNormalization: Drawer = (draft) => {
  const value = drawValue(
    draft,
    ({ shape }) => shape.length >= 2 && shape[1] > 0 && (shape.length < 5 || chance(draft, 0.1)),
  );
  return !!value && !!appendBatchNormalization(draft, value);
};

const drawLayerNormalization: Drawer = (draft) => {
  if (draft.opset < 17) return false;
  const value = drawValue(draft, ({ shape }) => shape.length >= 2);
  if (!value) return false;
  const rank = value.shape.length;
  const axis = chance(draft, 0.8) ? rank - 1 : draft.random.integer(1, rank - 1);
  const normalised = value.shape.slice(axis);
  if (!isFixed(normalised)) return false;
  const inputs = [value.name, weights(draft, normalised), ...(chance(draft, 0.7) ? [weights(draft, normalised)] : [])];
  return !!append(draft, "LayerNormalization", inputs, value.shape, { axis: signed(draft, axis, rank) });
};

const drawSoftmax: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 1);
  const axis = value && drawAxis(draft, value);
  if (!value || axis === undefined) return false;
  const isDefault = draft.opset < 13 ? value.shape.length >= 2 && value.shape[0] > 0 : axis === value.shape.length - 1;
  if (isDefault && chance(draft, 0.25)) return !!append(draft, "Softmax", [value.name], value.shape);
  const attributes: Record<string, AttributeValue> = {
    axis: draft.opset >= 11 ? signed(draft, axis, value.shape.length) : axis,
  };
  return !!append(draft, "Softmax", [value.name], value.shape, attributes);
};

const drawReduction: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft, ({ shape }) => shape.length >= 1);
  if (!value) return false;
  const op = random.pick([
    "ReduceMean",
    "ReduceMean",
    "ReduceMean",
    "ReduceSum",
    "ReduceSum",
    "ReduceSum",
    "ReduceMax",
  ]);
  const all = axesOf(draft, value);
  const chosen = all.filter(() => chance(draft, 0.5));
  const axes = chosen.length > 0 ? chosen : all;
  if (axes.length === 0) return false;
  const keep = chance(draft, 0.6);
  if (axes.length === value.shape.length && chance(draft, 0.3)) {
    const attributes: Record<string, AttributeValue> = keep ? {} : { keepdims: 0 };
    return !!append(draft, op, [value.name], keep ? value.shape.map(() => 1) : [], attributes);
  }
  const shape = value.shape.flatMap((length, axis) => axes.includes(axis) ? (keep ? [1] : []) : [length]);
  const given = draft.opset >= 11 && chance(draft, 0.3) ? axes.map((axis) => axis - value.shape.length) : axes;
  const [inputs, attributes] = withAxes(draft, value.name, given, op === "ReduceSum" ? 13 : 18);
  return !!append(draft, op, inputs, shape, {
    ...attributes,
    ...((!keep || chance(draft, 0.4)) && { keepdims: keep ? 1 : 0 }),
  });
};

/** Normalisations and reductions, with how often they are drawn. */
export const NORMALIZATION: [Drawer, weight: number][] = [
  [drawBatchNormalization, 4],
  [drawLayerNormalization, 0.7],
  [drawSoftmax, 2],
  [drawReduction, 4],
];
