/**
 * Padding with a value, or with the input itself.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { floatAttribute, stringAttribute } from "../attributes.ts";
import { emitPad, emitSlice } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { emitGather } from "../gather.ts";
import { type Lowering, operand, optionalConstant } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { padAmounts } from "../shape_arguments.ts";

/** The position of an input of a length that stands at a position, which may be before its start or after its end. */
type PositionIn = (position: number, length: number) => number;

/** Most positions before or after an axis that repeat the input. */
const MOST_REPEATED = 1024;

const POSITIONS: Readonly<Record<string, PositionIn>> = {
  edge: (position, length) => Math.min(Math.max(position, 0), length - 1),
  reflect: (position, length) => {
    const period = Math.max(1, 2 * (length - 1));
    const within = modulo(position, period);
    return Math.min(within, period - within);
  },
  wrap: modulo,
};

/** The modes that can be lowered. */
export const PAD_MODES: readonly string[] = ["constant", ...Object.keys(POSITIONS)];

/** Lowers Pad. */
export function lowerPad(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const { before, after } = padAmounts(lowering, node, input.shape.length);
  const mode = stringAttribute(node, "mode", "constant");
  const positionIn = mode === "constant" ? undefined : POSITIONS[mode];
  if (positionIn) return padWithItself(lowering, input, { node, before, after, positionIn });
  const value = lowering.opset < 11
    ? floatAttribute(node, "value", 0)
    : optionalConstant(lowering, node, 2)?.data[0] ?? 0;
  if (Number.isNaN(value)) throw new OnnxError("Pad has a value that is not a number", node.name);
  return emitPad(lowering, input, { before, after, value });
}

/** Cuts where amounts are negative, then repeats what is left, as onnxruntime does. */
function padWithItself(
  lowering: Lowering,
  input: Value,
  padding: { node: OnnxNode; before: number[]; after: number[]; positionIn: PositionIn },
): Value {
  const { node, positionIn } = padding;
  const [before, after] = [padding.before, padding.after].map((amounts) => amounts.map((n) => Math.max(0, n)));
  if ([...before, ...after].some((n) => n > MOST_REPEATED)) throw new UnsupportedReason("its pads are too large");
  const left = input.shape.map((length, i) => length + Math.min(0, padding.before[i]) + Math.min(0, padding.after[i]));
  const empty = left.findIndex((length) => length < 1);
  if (empty >= 0) throw new OnnxError(`Pad leaves nothing of axis ${empty}`, node.name);
  const cut = emitSlice(lowering, input, {
    starts: padding.before.map((n) => Math.max(0, -n)),
    steps: left.map(() => 1),
    shape: left,
  });
  return left.reduce((value, length, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return value;
    const count = before[axis] + length + after[axis];
    const indices = Array.from({ length: count }, (_, i) => positionIn(i - before[axis], length));
    return emitGather(lowering, value, { axis, indices });
  }, cut);
}

function modulo(position: number, length: number): number {
  return ((position % length) + length) % length;
}
