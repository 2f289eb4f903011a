/**
 * Operators that select or join parts of values.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { intAttribute } from "../attributes.ts";
import { emitConcat, emitRange, emitSlice } from "../emit.ts";
import { type Lowering, normaliseAxis, operand } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { sliceRange, splitLengths } from "../shape_arguments.ts";

/** Lowers Slice. */
export function lowerSlice(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  return emitSlice(lowering, input, sliceRange(lowering, node, input.shape));
}

/** Lowers Split. */
export function lowerSplit(lowering: Lowering, node: OnnxNode): Value[] {
  const input = operand(lowering, node, 0);
  const { axis, lengths } = splitLengths(lowering, node, input.shape);
  let start = 0;
  return lengths.map((length) => {
    const part = emitRange(lowering, input, { axis, start, length });
    start += length;
    return part;
  });
}

/** Lowers Concat; constants without elements add nothing. */
export function lowerConcat(lowering: Lowering, node: OnnxNode): Value {
  const inputs = node.inputs.flatMap((name, i) =>
    lowering.constants.get(name)?.data.length === 0 ? [] : [operand(lowering, node, i)]
  );
  const axis = normaliseAxis(intAttribute(node, "axis", 1), inputs[0].shape.length, node);
  return emitConcat(lowering, inputs, axis);
}
