/**
 * LayerNormalization: rows brought to a mean of 0 and a variance of 1.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { broadcastShapes, broadcastStrides, sameShape, type Shape } from "../../graph/shape.ts";
import { floatAttribute, intAttribute, intsAttribute } from "../attributes.ts";
import { emit, emitActivation, emitBinary, emitReduce, emitReduceMean } from "../emit.ts";
import { quote, UnsupportedReason } from "../errors.ts";
import { asFloat32, hasInput, isConstant, type Lowering, normaliseAxis, operand, parameter } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { deviationOf, standardise } from "./instance_normalization.ts";
import { RECOGNISED_AXES } from "../recognise_layer_normalization.ts";
import { elementCount } from "../../../runtime/tensor.ts";

/** Lowers LayerNormalization over the dimensions from `axis` on; its mean and inverse deviation where they are used. */
export function lowerLayerNormalization(lowering: Lowering, node: OnnxNode): Value[] {
  if (intAttribute(node, "stash_type", 1) !== 1) throw new UnsupportedReason("it does not compute in float32");
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  const first = normaliseAxis(intAttribute(node, "axis", -1), rank, node);
  const recognised = intsAttribute(node, RECOGNISED_AXES)?.map((other) => normaliseAxis(other, rank, node));
  const row = input.shape.slice(first);
  const axes = recognised?.toSorted((a, b) => a - b) ?? row.map((_, i) => first + i);
  const epsilon = floatAttribute(node, "epsilon", Math.fround(1e-5));
  const normalized = axes.length < row.length || [1, 2].some((index) => isVariable(lowering, node, index))
    ? applied(lowering, node, standardise(lowering, input, axes, epsilon))
    : emit(lowering, [input], {
      op: "layerNormalization",
      axes,
      epsilon,
      scale: parameterOver(lowering, node, { index: 1, row }),
      ...(hasInput(node, 2) && { bias: parameterOver(lowering, node, { index: 2, row }) }),
    });
  if (!node.outputs.slice(1).some((name) => lowering.readers.has(name))) return [normalized];
  const mean = emitReduceMean(lowering, input, axes);
  const distance = emitBinary(lowering, "subtract", [input, mean]);
  const deviation = deviationOf(lowering, emitReduce(lowering, distance, axes, "meanSquares"), epsilon);
  return [normalized, mean, emitActivation(lowering, deviation, { kind: "reciprocal" })];
}

function isVariable(lowering: Lowering, node: OnnxNode, index: number): boolean {
  return hasInput(node, index) && !isConstant(lowering, node, index);
}

/** Factors and addends that are values, or run along other dimensions than those that are normalised. */
function applied(lowering: Lowering, node: OnnxNode, normalized: Value): Value {
  const scaled = emitBinary(lowering, "multiply", [normalized, operand(lowering, node, 1)]);
  const result = hasInput(node, 2) ? emitBinary(lowering, "add", [scaled, operand(lowering, node, 2)]) : scaled;
  if (sameShape(result.shape, normalized.shape)) return result;
  throw new UnsupportedReason(`its parameters raise its result to [${result.shape}]`);
}

/** A constant broadcast over the normalised dimensions. */
function parameterOver(
  lowering: Lowering,
  node: OnnxNode,
  { index, row }: { index: number; row: Shape },
): Float32Array {
  const tensor = parameter(lowering, node, index);
  const data = asFloat32(tensor);
  if (sameShape(tensor.shape, row)) return data;
  const whole = broadcastShapes(tensor.shape, row);
  if (whole === undefined || elementCount(whole) !== elementCount(row)) {
    throw new UnsupportedReason(
      `its parameter ${quote(node.inputs[index])} has shape [${tensor.shape}], which does not broadcast to [${row}]`,
    );
  }
  const strides = broadcastStrides(tensor.shape.slice(-row.length), row);
  return Float32Array.from({ length: elementCount(row) }, (_, position) => {
    let [rest, from] = [position, 0];
    for (let axis = row.length - 1; axis >= 0; axis--) {
      from += rest % row[axis] * strides[axis];
      rest = Math.floor(rest / row[axis]);
    }
    return data[from];
  });
}
