/**
 * LayerNormalization: rows brought to a mean of 0 and a variance of 1.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { broadcastShapes, broadcastStrides, sameShape, type Shape } from "../../graph/shape.ts";
import { floatAttribute, intAttribute, intsAttribute } from "../attributes.ts";
import { emit } from "../emit.ts";
import { quote, UnsupportedReason } from "../errors.ts";
import { asFloat32, hasInput, type Lowering, normaliseAxis, operand, parameter } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { RECOGNISED_AXES } from "../recognise_layer_normalization.ts";
import { elementCount } from "../../../runtime/tensor.ts";

/** Lowers LayerNormalization over the dimensions from `axis` on, with constant parameters. */
export function lowerLayerNormalization(lowering: Lowering, node: OnnxNode): Value {
  const used = node.outputs.slice(1).find((name) => lowering.readers.has(name));
  if (used !== undefined) throw new UnsupportedReason(`its output ${quote(used)} is used`);
  if (intAttribute(node, "stash_type", 1) !== 1) throw new UnsupportedReason("it does not compute in float32");
  const input = operand(lowering, node, 0);
  const rank = input.shape.length;
  const first = normaliseAxis(intAttribute(node, "axis", -1), rank, node);
  const recognised = intsAttribute(node, RECOGNISED_AXES)?.map((other) => normaliseAxis(other, rank, node));
  if (recognised && recognised.length < rank - first) {
    throw new UnsupportedReason(`it normalises over axes ${recognised}: expected the last ones`);
  }
  const row = input.shape.slice(first);
  const bias = hasInput(node, 2) ? { bias: parameterOver(lowering, node, { index: 2, row }) } : {};
  return emit(lowering, [input], {
    op: "layerNormalization",
    axes: row.map((_, i) => first + i),
    epsilon: floatAttribute(node, "epsilon", Math.fround(1e-5)),
    scale: parameterOver(lowering, node, { index: 1, row }),
    ...bias,
  });
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
