/**
 * Operators that select or join parts of values.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { intAttribute } from "../attributes.ts";
import { emitConcat, emitRange, emitReshape, emitSlice } from "../emit.ts";
import { OnnxError } from "../errors.ts";
import { emitGather } from "../gather.ts";
import { type Lowering, normaliseAxis, operand, optionalConstant } from "../lowering.ts";
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

/** Lowers Gather with constant indices of at most one dimension. */
export function lowerGather(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const axis = normaliseAxis(intAttribute(node, "axis", 0), input.shape.length, node);
  const tensor = optionalConstant(lowering, node, 1);
  if (tensor === undefined) throw new OnnxError("Gather lacks its indices", node.name);
  const length = input.shape[axis];
  const indices = Array.from(tensor.data, (index) => (index < 0 ? index + length : index));
  if (!indices.every((index) => Number.isInteger(index) && index >= 0 && index < length)) {
    throw new OnnxError(`Gather has an index beyond the ${length} of axis ${axis}`, node.name);
  }
  const shape = [...input.shape];
  shape.splice(axis, 1, ...tensor.shape);
  return emitReshape(lowering, emitGather(lowering, input, { axis, indices }), shape);
}

/** Lowers Concat; constants without elements add nothing. */
export function lowerConcat(lowering: Lowering, node: OnnxNode): Value {
  const inputs = node.inputs.flatMap((name, i) =>
    lowering.constants.get(name)?.data.length === 0 ? [] : [operand(lowering, node, i)]
  );
  const axis = normaliseAxis(intAttribute(node, "axis", 1), inputs[0].shape.length, node);
  return emitConcat(lowering, inputs, axis);
}
