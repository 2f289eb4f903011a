/**
 * Draws element-wise nodes: functions of one value, of two and of several.
 *
 * @module
 */

import { type AttributeValue, float, floats } from "../../../support/onnx_writer.ts";
import {
  append,
  appendAll,
  broadcast,
  chance,
  constant,
  count,
  type Draft,
  type Drawer,
  drawOperandShape,
  drawValue,
  numbers,
  type Value,
  weights,
} from "../draft.ts";

type Attributes = Record<string, AttributeValue>;

/** Draws the attributes of a function of one value; undefined where the operator set lacks it. */
const FUNCTIONS: Record<string, (draft: Draft) => Attributes | undefined> = {
  Relu: () => ({}),
  Sigmoid: () => ({}),
  Tanh: () => ({}),
  Neg: () => ({}),
  Identity: () => ({}),
  Dropout: () => ({}),
  LeakyRelu: ({ random }) =>
    random.pick<Attributes>([{}, { alpha: float(0.1) }, { alpha: float(1.5) }, { alpha: float(0) }]),
  Elu: ({ random }) => random.pick<Attributes>([{}, { alpha: float(0.5) }]),
  HardSigmoid: ({ random }) =>
    random.pick<Attributes>([{}, { alpha: float(1 / 6), beta: float(0.5) }, { alpha: float(0.3) }]),
  HardSwish: ({ opset }) => opset >= 14 ? {} : undefined,
  Gelu: ({ opset, random }) => opset < 20 ? undefined : random.pick<Attributes>([{}, { approximate: "tanh" }]),
  Cast: () => ({ to: 1 }),
};

/** A Dropout with all that it may be given, and a mask that nobody reads. */
const drawDropout: Drawer = (draft) => {
  const value = drawValue(draft);
  if (!value) return false;
  if (draft.opset < 12) return !!append(draft, "Dropout", [value.name], value.shape, { ratio: float(0.3) });
  const made = appendAll(draft, "Dropout", [value.name, constant(draft, floats([], [0.3]))], [
    value.shape,
    value.shape,
  ]);
  if (made) draft.values.pop();
  return !!made;
};

const drawFunction: Drawer = (draft) => {
  const value = drawValue(draft);
  const op = draft.random.pick(Object.keys(FUNCTIONS));
  const attributes = FUNCTIONS[op](draft);
  return !!value && !!attributes && !!append(draft, op, [value.name], value.shape, attributes);
};

const drawClip: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft);
  if (!value) return false;
  const [min, max] = random.pick<(number | undefined)[]>([[0, 6], [-1, 1], [0], [undefined, 0.5], [], [0.5, 2], [
    -65504,
    65504,
  ]]);
  if (opset < 11) {
    const attributes = { ...(min !== undefined && { min: float(min) }), ...(max !== undefined && { max: float(max) }) };
    return !!append(draft, "Clip", [value.name], value.shape, attributes);
  }
  const bound = (limit?: number) => limit === undefined ? "" : constant(draft, floats([], [limit]));
  const inputs = [value.name, bound(min), bound(max)];
  while (inputs[inputs.length - 1] === "") inputs.pop();
  return !!append(draft, "Clip", inputs, value.shape);
};

const drawPRelu: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length > 0);
  if (!value) return false;
  const slopes = drawOperandShape(draft, value.shape);
  if (slopes.length > value.shape.length || broadcast(value.shape, slopes)?.join() !== value.shape.join()) return false;
  return !!append(draft, "PRelu", [value.name, weights(draft, slopes, 0.3)], value.shape);
};

/** Another value or a constant that can be broadcast to a value. */
function drawOperand(draft: Draft, value: Value): { name: string; shape: number[] } {
  const partners = draft.values.filter((other) => broadcast(value.shape, other.shape));
  if (partners.length > 0 && chance(draft, 0.5)) return draft.random.pick(partners);
  const shape = drawOperandShape(draft, value.shape);
  const special = draft.random.pick([1, 1, 0, 0.5, 3, 6]);
  const alike = count(shape) === 1 && chance(draft, 0.5);
  return { name: alike ? constant(draft, floats(shape, [special])) : weights(draft, shape), shape };
}

const drawBinary: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft);
  if (!value) return false;
  const op = random.pick(["Add", "Add", "Sub", "Mul", "Mul", "Div", "Max", "Min", "Sum"]);
  let other = drawOperand(draft, value);
  if (op === "Div") {
    const shape = drawOperandShape(draft, value.shape);
    other = { name: constant(draft, floats(shape, numbers(draft, count(shape)).map((x) => Math.abs(x) + 0.3))), shape };
  }
  const shape = broadcast(value.shape, other.shape);
  if (!shape) return false;
  const operands = chance(draft, 0.5) || op === "Div" ? [value.name, other.name] : [other.name, value.name];
  return !!append(draft, op, operands, shape);
};

const drawVariadic: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft);
  if (!value) return false;
  const names = [value.name];
  let shape = value.shape;
  for (let more = random.integer(0, 3); more > 0; more--) {
    const other = drawOperand(draft, { name: "", shape });
    names.push(other.name);
    shape = broadcast(shape, other.shape) ?? shape;
  }
  return !!append(draft, random.pick(["Sum", "Max", "Min", "Mean"]), names, shape);
};

/** Element-wise nodes with how often they are drawn. */
export const ELEMENTWISE: [Drawer, weight: number][] = [
  [drawFunction, 8],
  [drawClip, 2],
  [drawDropout, 0.5],
  [drawPRelu, 2],
  [drawBinary, 10],
  [drawVariadic, 2],
];
