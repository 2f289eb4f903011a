/**
 * Draws nodes that move elements: transposes, reshapes, slices, pads, joins.
 *
 * @module
 */

import { type AttributeValue, float, floats } from "../../../support/onnx_writer.ts";
import { shuffle } from "../../../support/random.ts";
import {
  append,
  appendAll,
  axesOf,
  chance,
  constant,
  count,
  type Draft,
  drawAxis,
  type Drawer,
  drawValue,
  integers,
  isFixed,
  type Shape,
  signed,
  weights,
} from "../draft.ts";

const ranked = (least: number) => ({ shape }: { shape: Shape }) => shape.length >= least;

const drawTranspose: Drawer = (draft) => {
  const value = drawValue(draft, ranked(1));
  if (!value) return false;
  const rank = value.shape.length;
  const keep = value.shape[0] < 0 && !chance(draft, 0.08) ? 1 : 0;
  const rest = Array.from({ length: rank - keep }, (_, axis) => axis + keep);
  const perm = [
    ...(keep ? [0] : []),
    ...(chance(draft, 0.2) ? rest.toReversed() : Array.from(shuffle(Float32Array.from(rest), draft.random))),
  ];
  const reversed = perm.every((axis, at) => axis === rank - 1 - at);
  const attributes: Record<string, AttributeValue> = reversed && chance(draft, 0.5) ? {} : { perm };
  return !!append(draft, "Transpose", [value.name], perm.map((axis) => value.shape[axis]), attributes);
};

/** Splits a number of elements into dimensions. */
function drawFactors({ random }: Draft, elements: number): Shape {
  const factors: Shape = [];
  let rest = elements;
  for (let made = random.integer(0, 3); made > 0; made--) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((divisor) => rest % divisor === 0);
    const factor = random.pick(divisors);
    factors.push(factor);
    rest /= factor;
  }
  factors.splice(random.integer(0, factors.length), 0, rest);
  return factors;
}

const drawReshape: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft);
  if (!value) return false;
  const batched = value.shape.length > 0 && value.shape[0] < 0;
  if (!isFixed(value.shape, 1)) return false;
  let shape: Shape;
  let target: Shape;
  if (batched && !chance(draft, 0.08)) {
    const rest = drawFactors(draft, count(value.shape.slice(1)));
    shape = [value.shape[0], ...rest];
    target = [random.pick([0, -1]), ...rest];
    if (target[0] === 0 && chance(draft, 0.3)) target[random.integer(1, rest.length)] = -1;
  } else if (batched) {
    const elements = count(value.shape);
    const width = random.pick(Array.from({ length: elements }, (_, i) => i + 1).filter((i) => elements % i === 0));
    [shape, target] = [[-elements / width, width], [-1, width]];
  } else {
    shape = drawFactors(draft, count(value.shape));
    target = shape.map((length, axis) => length === value.shape[axis] && chance(draft, 0.2) ? 0 : length);
    if (chance(draft, 0.4)) target[random.integer(0, target.length - 1)] = -1;
  }
  return !!append(draft, "Reshape", [value.name, integers(draft, target)], shape);
};

const drawFlatten: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 1 && isFixed(shape, 1));
  if (!value) return false;
  const axis = chance(draft, 0.7) ? 1 : draft.random.integer(0, value.shape.length);
  const first = value.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const rest = value.shape.slice(axis).reduce((a, b) => a * b, 1);
  if (draft.opset >= 11 && axis > 0 && axis < value.shape.length && chance(draft, 0.3)) {
    return !!append(draft, "Flatten", [value.name], [first, rest], { axis: axis - value.shape.length });
  }
  return !!append(draft, "Flatten", [value.name], [first, rest], axis === 1 && chance(draft, 0.5) ? {} : { axis });
};

/** Inputs and attributes of an operator that takes axes, before and from operator set 13 on. */
export function withAxes(
  draft: Draft,
  name: string,
  axes: number[],
  since = 13,
): [string[], Record<string, AttributeValue>] {
  return draft.opset < since ? [[name], { axes }] : [[name, integers(draft, axes)], {}];
}

const drawSqueeze: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.includes(1) && shape.length > 1);
  if (!value) return false;
  const ones = value.shape.flatMap((length, axis) => length === 1 ? [axis] : []).filter(() => chance(draft, 0.7));
  if (ones.length === 0) return false;
  if (isFixed(value.shape) && chance(draft, 0.15)) {
    return !!append(draft, "Squeeze", [value.name], value.shape.filter((length) => length !== 1));
  }
  const shape = value.shape.filter((_, axis) => !ones.includes(axis));
  const axes = draft.opset >= 11 && chance(draft, 0.3) ? ones.map((axis) => axis - value.shape.length) : ones;
  const [inputs, attributes] = withAxes(draft, value.name, axes);
  return !!append(draft, "Squeeze", inputs, shape, attributes);
};

const drawUnsqueeze: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length < 5);
  if (!value) return false;
  const first = value.shape[0] < 0 ? 1 : 0;
  const axis = draft.random.integer(chance(draft, 0.05) ? 0 : first, value.shape.length);
  const shape = value.shape.toSpliced(axis, 0, 1);
  const given = draft.opset >= 11 ? signed(draft, axis, shape.length) : axis;
  const [inputs, attributes] = withAxes(draft, value.name, [given]);
  return !!append(draft, "Unsqueeze", inputs, shape, attributes);
};

const drawSlice: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft, ranked(1));
  if (!value) return false;
  const axes = axesOf(draft, value).filter((axis) => value.shape[axis] > 0 && chance(draft, 0.5));
  if (axes.length === 0) return false;
  const shape = [...value.shape];
  const [starts, ends, steps]: number[][] = [[], [], []];
  for (const axis of axes) {
    const length = value.shape[axis];
    const from = random.integer(0, length - 1);
    const to = random.integer(from + 1, length);
    const step = opset >= 10 ? random.pick([1, 1, 2, -1, -2, 3]) : 1;
    if (step > 0) {
      starts.push(chance(draft, 0.2) ? from - length : from);
      ends.push(to === length && chance(draft, 0.5) ? random.pick([length, 2 ** 31 - 1, Number.MAX_SAFE_INTEGER]) : to);
    } else {
      starts.push(to === length && chance(draft, 0.3) ? length + 5 : to - 1);
      ends.push(from === 0 ? -length - 1 : from - 1);
    }
    steps.push(step);
    shape[axis] = Math.ceil((to - from) / Math.abs(step));
  }
  if (opset < 10) return !!append(draft, "Slice", [value.name], shape, { starts, ends, axes });
  const given = axes.map((axis) => signed(draft, axis, value.shape.length));
  const inputs = [value.name, integers(draft, starts), integers(draft, ends), integers(draft, given)];
  if (steps.some((step) => step !== 1) || chance(draft, 0.3)) inputs.push(integers(draft, steps));
  return !!append(draft, "Slice", inputs, shape);
};

const drawPad: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft, ranked(1));
  if (!value) return false;
  const mode = random.pick(["constant", "constant", "reflect", "edge", ...(opset >= 19 ? ["wrap"] : [])]);
  const axes = value.shape.map((_, axis) => axis);
  const amount = (axis: number) => {
    if (value.shape[axis] < 0 || chance(draft, 0.5)) return 0;
    if (mode === "reflect" || mode === "wrap") return random.integer(0, Math.min(2, value.shape[axis] - 1));
    return chance(draft, 0.1) && value.shape[axis] > 2 && mode === "constant" ? -1 : random.integer(0, 2);
  };
  const [before, after] = [axes.map(amount), axes.map(amount)];
  const shape = value.shape.map((length, axis) => length < 0 ? length : length + before[axis] + after[axis]);
  const number = random.pick([0, 0, 0.5, -2]);
  if (opset < 11) {
    const attributes = {
      mode,
      pads: [...before, ...after],
      ...(mode === "constant" && number && { value: float(number) }),
    };
    return !!append(draft, "Pad", [value.name], shape, attributes);
  }
  const listed = opset >= 18 && chance(draft, 0.4) ? axes.filter((axis) => before[axis] || after[axis]) : undefined;
  const used = listed ?? axes;
  if (used.length === 0) return false;
  const inputs = [
    value.name,
    integers(draft, [...used.map((axis) => before[axis]), ...used.map((axis) => after[axis])]),
  ];
  const hasValue = mode === "constant" && number !== 0;
  if (hasValue || listed) inputs.push(hasValue ? constant(draft, floats([], [number])) : "");
  if (listed) inputs.push(integers(draft, listed.map((axis) => signed(draft, axis, axes.length))));
  return !!append(draft, "Pad", inputs, shape, mode === "constant" && chance(draft, 0.5) ? {} : { mode });
};

const drawConcat: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft, ranked(1));
  const axis = value && drawAxis(draft, value);
  if (!value || axis === undefined) return false;
  const fits = ({ shape }: { shape: Shape }) =>
    shape.length === value.shape.length && shape.every((length, at) => at === axis || length === value.shape[at]);
  const parts = [value];
  for (let more = random.integer(0, 3); more > 0; more--) {
    if (isFixed(value.shape) && chance(draft, 0.2)) {
      const shape = value.shape.with(axis, random.integer(1, 3));
      parts.push({ name: weights(draft, shape), shape });
    } else {
      parts.push(random.pick(draft.values.filter(fits)));
    }
  }
  const shape = value.shape.with(axis, parts.reduce((sum, part) => sum + part.shape[axis], 0));
  const names = parts.map(({ name }) => name);
  return !!append(draft, "Concat", names, shape, {
    axis: draft.opset >= 11 ? signed(draft, axis, shape.length) : axis,
  });
};

const drawSplit: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft, ({ shape }) => shape.some((length) => length > 1));
  if (!value) return false;
  const axis = random.pick(value.shape.flatMap((length, at) => length > 1 ? [at] : []));
  const length = value.shape[axis];
  const first = random.integer(1, length - 1);
  const parts = [2, 3, 4].filter((divisor) => length % divisor === 0 || (opset >= 18 && length > divisor));
  if (parts.length > 0 && chance(draft, 0.25)) {
    const number = random.pick(parts);
    const each = Math.ceil(length / number);
    const lengths = Array.from({ length: number }, (_, at) => at < number - 1 ? each : length - each * (number - 1));
    if (lengths[number - 1] <= 0) return false;
    const attributes = opset >= 18 ? { axis, num_outputs: number } : { axis };
    return !!appendAll(draft, "Split", [value.name], lengths.map((part) => value.shape.with(axis, part)), attributes);
  }
  const split = length > 2 && chance(draft, 0.3) && first < length - 1
    ? [first, 1, length - first - 1]
    : [first, length - first];
  const shapes = split.map((part) => value.shape.with(axis, part));
  if (opset < 13) return !!appendAll(draft, "Split", [value.name], shapes, { axis, split });
  return !!appendAll(draft, "Split", [value.name, integers(draft, split)], shapes, { axis });
};

const drawGather: Drawer = (draft) => {
  const { random, opset } = draft;
  const value = drawValue(draft, ranked(1));
  const axis = value && drawAxis(draft, value);
  if (!value || axis === undefined) return false;
  const length = value.shape[axis] > 0 ? value.shape[axis] : 1;
  const one = () => {
    const index = random.integer(0, length - 1);
    return opset >= 11 && chance(draft, 0.2) ? index - length : index;
  };
  const shape: Shape = random.pick([[], [random.integer(1, 4)], [2, 2]]);
  const indices = integers(draft, Array.from({ length: count(shape) }, one), shape);
  return !!append(draft, "Gather", [value.name, indices], value.shape.toSpliced(axis, 1, ...shape), { axis });
};

const drawExpand: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.includes(1));
  if (!value) return false;
  const target = value.shape.map((length) => length === 1 ? draft.random.integer(1, 3) : 1);
  if (chance(draft, 0.15) && value.shape[0] > 0) target.unshift(2);
  const given = value.shape.map((length, axis) => length === 1 ? target.slice(-value.shape.length)[axis] : length);
  const shape = target.length > value.shape.length ? [2, ...given] : given;
  return !!append(draft, "Expand", [value.name, integers(draft, target)], shape);
};

/** Nodes that move elements, with how often they are drawn. */
export const MOVEMENT: [Drawer, weight: number][] = [
  [drawTranspose, 5],
  [drawReshape, 4],
  [drawFlatten, 1],
  [drawSqueeze, 1.5],
  [drawUnsqueeze, 1.5],
  [drawSlice, 3],
  [drawPad, 3],
  [drawConcat, 3],
  [drawSplit, 2],
  [drawGather, 2],
  [drawExpand, 1.5],
];
