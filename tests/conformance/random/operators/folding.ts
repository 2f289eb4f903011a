/**
 * Draws what is computed while a file is imported: constants of constants, and
 * arithmetic with shapes.
 *
 * @module
 */

import { type AttributeValue, type Constant, floats, ints, tensorProto, typed } from "../../../support/onnx_writer.ts";
import {
  append,
  broadcast,
  chance,
  constant,
  count,
  type Draft,
  type Drawer,
  drawOperandShape,
  drawValue,
  integers,
  isFixed,
  numbers,
  type Shape,
} from "../draft.ts";

/** ONNX's codes of element types. */
const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12 };

/** Appends a node whose value is constant: no other node may read it but by name. */
function fold(draft: Draft, op: string, inputs: string[], attributes: Record<string, AttributeValue> = {}): string {
  const name = `f${draft.nodes.length}`;
  draft.nodes.push({ op, inputs, outputs: [name], attributes });
  return name;
}

function small(draft: Draft, shape: Shape): Constant {
  return floats(shape, numbers(draft, count(shape), 2));
}

/** Two constants of integers of one type, the second ones above 0. */
function wholeNumbers(draft: Draft, shape: Shape): string[] {
  const isNarrow = draft.opset >= 12 && chance(draft, 0.5);
  return [-9, 1].map((low) => {
    const elements = Array.from({ length: count(shape) }, () => draft.random.integer(low, 9));
    return constant(draft, isNarrow ? typed(Int32Array.from(elements), shape) : ints(elements, shape));
  });
}

/** Makes a float32 constant of a shape in one of many ways. */
function drawFolded(draft: Draft, shape: Shape): string {
  const { random, opset } = draft;
  const source = () => constant(draft, small(draft, shape));
  const cast = (name: string, to: number) => fold(draft, "Cast", [name], { to });
  switch (random.integer(0, 12)) {
    case 0: {
      const to = random.pick([TYPES.int32, TYPES.int64, TYPES.int8, TYPES.float16, TYPES.float64, TYPES.bool]);
      return cast(cast(source(), to), TYPES.float32);
    }
    case 1: {
      const bytes = Array.from({ length: count(shape) }, () => random.integer(0, 400));
      return cast(cast(constant(draft, floats(shape, bytes)), random.pick([TYPES.uint8, TYPES.int8])), TYPES.float32);
    }
    case 2: {
      const operators = ["Add", "Sub", "Mul", "Div", ...(opset >= 12 ? ["Max", "Min"] : [])];
      return cast(fold(draft, random.pick(operators), wholeNumbers(draft, shape)), TYPES.float32);
    }
    case 3: {
      if (opset < 10) return source();
      const positive = constant(draft, floats(shape, numbers(draft, count(shape)).map((x) => Math.abs(x) + 0.5)));
      return fold(draft, "Mod", [source(), positive], { fmod: 1 });
    }
    case 4: {
      if (opset < 10) return source();
      const dividend = constant(
        draft,
        ints(Array.from({ length: count(shape) }, () => random.integer(-20, 20)), shape),
      );
      const divisor = constant(
        draft,
        ints(Array.from({ length: count(shape) }, () => random.pick([-7, -3, 2, 5])), shape),
      );
      return cast(fold(draft, "Mod", [dividend, divisor], chance(draft, 0.5) ? { fmod: 1 } : {}), TYPES.float32);
    }
    case 5:
      return fold(draft, random.pick(["Neg", "Abs", "Floor", "Ceil", "Exp"]), [source()]);
    case 6: {
      const positive = constant(draft, floats(shape, numbers(draft, count(shape)).map((x) => Math.abs(x) + 0.5)));
      return fold(draft, random.pick(["Sqrt", "Log", "Reciprocal"]), [positive]);
    }
    case 7: {
      const positive = constant(draft, floats(shape, numbers(draft, count(shape)).map((x) => Math.abs(x) + 0.5)));
      return fold(draft, "Pow", [positive, constant(draft, floats([], [random.pick([2, 0.5, -1, 3])]))]);
    }
    case 8: {
      const less = fold(draft, random.pick(["Less", "Greater"]), [source(), source()]);
      return fold(draft, "Where", [chance(draft, 0.3) ? fold(draft, "Not", [less]) : less, source(), source()]);
    }
    case 9: {
      if (shape.length === 0) return source();
      const value: Record<string, AttributeValue> = chance(draft, 0.7)
        ? { value: { tensor: tensorProto("value", floats([1], [1.5])) } }
        : {};
      return fold(draft, "ConstantOfShape", [integers(draft, shape)], value);
    }
    case 10: {
      const extra = random.integer(2, 3);
      const wide = constant(draft, small(draft, [...shape, extra]));
      const axes = [random.pick([-1, shape.length])];
      const op = random.pick(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"]);
      const since = op === "ReduceSum" ? 13 : 18;
      if (opset < 11 && axes[0] < 0) axes[0] = shape.length;
      return opset < since
        ? fold(draft, op, [wide], { axes, keepdims: 0 })
        : fold(draft, op, [wide, integers(draft, axes)], { keepdims: 0 });
    }
    case 11: {
      if (shape.length < 2) return source();
      const turned = constant(draft, small(draft, shape.toReversed()));
      return fold(draft, "Transpose", [turned]);
    }
    default: {
      if (shape.length !== 1 || opset < 11) return source();
      const range = fold(draft, "Range", [
        integers(draft, [1], []),
        integers(draft, [1 + 2 * shape[0]], []),
        integers(draft, [2], []),
      ]);
      return cast(range, TYPES.float32);
    }
  }
}

const drawFoldedOperand: Drawer = (draft) => {
  const value = drawValue(draft);
  if (!value) return false;
  const operand = drawOperandShape(draft, value.shape);
  const shape = broadcast(value.shape, operand);
  return !!shape &&
    !!append(draft, draft.random.pick(["Add", "Mul", "Max"]), [value.name, drawFolded(draft, operand)], shape);
};

/** One length of a value's shape as an int64 scalar. */
function lengthOf(draft: Draft, name: string, axis: number): string {
  const shape = fold(draft, "Shape", [name]);
  return fold(draft, "Gather", [shape, integers(draft, [axis], [])], { axis: 0 });
}

function asVector(draft: Draft, name: string): string {
  return draft.opset < 13
    ? fold(draft, "Unsqueeze", [name], { axes: [0] })
    : fold(draft, "Unsqueeze", [name, integers(draft, [0])]);
}

/** Reshape to lengths that are computed from the value's own shape: heads, tokens. */
const drawComputedReshape: Drawer = (draft) => {
  const { random } = draft;
  const value = drawValue(draft, ({ shape }) => shape.length >= 3 && isFixed(shape, 1));
  if (!value || draft.opset < 10) return false;
  const [first, second, ...rest] = value.shape;
  const batch = asVector(draft, lengthOf(draft, value.name, 0));
  const middle = asVector(draft, lengthOf(draft, value.name, 1));
  const inner = count(rest);
  if (chance(draft, 0.5)) {
    const target = fold(draft, "Concat", [batch, middle, integers(draft, [-1])], { axis: 0 });
    return !!append(draft, "Reshape", [value.name, target], [first, second, inner]);
  }
  const product = fold(draft, "Mul", [middle, integers(draft, [inner])]);
  const target = fold(draft, "Concat", random.pick([[batch, product], [integers(draft, [-1]), product]]), { axis: 0 });
  return !!append(draft, "Reshape", [value.name, target], [first, second * inner]);
};

/** A slice whose end is half of a length. */
const drawComputedSlice: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 2 && shape[shape.length - 1] > 1);
  if (!value || draft.opset < 10) return false;
  const axis = value.shape.length - 1;
  const half = fold(draft, "Div", [asVector(draft, lengthOf(draft, value.name, axis)), integers(draft, [2])]);
  const inputs = [value.name, integers(draft, [0]), half, integers(draft, [axis])];
  return !!append(draft, "Slice", inputs, value.shape.with(axis, Math.floor(value.shape[axis] / 2)));
};

/** A factor that depends on the shape, seldom on the batch. */
const drawShapeFactor: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 1);
  if (!value) return false;
  const axis = chance(draft, 0.1) ? 0 : value.shape.length - 1;
  if (axis > 0 && value.shape[axis] < 0) return false;
  const length = fold(draft, "Cast", [lengthOf(draft, value.name, axis)], { to: TYPES.float32 });
  const factor = chance(draft, 0.5) ? fold(draft, "Sqrt", [length]) : length;
  return !!append(draft, draft.random.pick(["Mul", "Div"]), [value.name, factor], value.shape);
};

/** Zeros of the shape of a value. */
const drawZerosLike: Drawer = (draft) => {
  const value = drawValue(draft, ({ shape }) => shape.length >= 1);
  if (!value) return false;
  const zeros = fold(draft, "ConstantOfShape", [fold(draft, "Shape", [value.name])]);
  return !!append(draft, "Add", [value.name, zeros], value.shape);
};

/** What is computed at import, with how often it is drawn. */
export const FOLDING: [Drawer, weight: number][] = [
  [drawFoldedOperand, 4],
  [drawComputedReshape, 1.5],
  [drawComputedSlice, 0.5],
  [drawShapeFactor, 0.7],
  [drawZerosLike, 0.3],
];
