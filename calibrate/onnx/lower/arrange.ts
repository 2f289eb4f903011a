/**
 * Operators that give the same elements another shape or order.
 *
 * @module
 */

import { elementCount } from "../../../runtime/tensor.ts";
import type { ElementType, Value } from "../../graph/graph.ts";
import { sameShape } from "../../graph/shape.ts";
import { intAttribute, stringAttribute } from "../attributes.ts";
import { elementTypeName } from "../decode_tensor.ts";
import { emit, emitActivation, emitBinary, emitConcat, emitCopy, emitReshape, emitTranspose } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import {
  anyOperand,
  constantValue,
  type Lowering,
  numberValue,
  operand,
  optionalConstant,
  optionalIntegers,
  reserve,
} from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { valueType } from "../result_type.ts";
import { expandedShape, permutationOf, reshapedShape } from "../shape_arguments.ts";

/** Lowers Reshape, Flatten, Squeeze and Unsqueeze. */
export function lowerReshape(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  return emitReshape(lowering, input, reshapedShape(lowering, node, input.shape));
}

/** Lowers Transpose. */
export function lowerTranspose(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  return emitTranspose(lowering, input, permutationOf(node, input.shape.length));
}

/** Lowers Identity, and Dropout as inference sees it. */
export function lowerIdentity(lowering: Lowering, node: OnnxNode): Value {
  return operand(lowering, node, 0);
}

/** Lowers Dropout. */
export function lowerDropout(lowering: Lowering, node: OnnxNode): Value {
  if (lowering.readers.has(node.outputs[1])) throw new UnsupportedReason("its mask is used");
  const training = optionalConstant(lowering, node, 2);
  if (training !== undefined && training.data[0] !== 0) {
    throw new UnsupportedReason("it is in training mode");
  }
  return operand(lowering, node, 0);
}

/** The types of variables by their codes in ONNX. */
const TYPES: Readonly<Record<number, ElementType>> = { 1: "float32", 6: "int32", 7: "int64", 9: "bool" };

/** Lowers Cast between float32, int32, int64 and bool; other casts of variables are not supported. */
export function lowerCast(lowering: Lowering, node: OnnxNode): Value {
  const code = intAttribute(node, "to", 0);
  const type = TYPES[code];
  if (type === undefined) throw new UnsupportedReason(`it makes ${elementTypeName(code)} of a variable`);
  return castTo(lowering, operand(lowering, node, 0), type);
}

/** Lowers CastLike as Cast to the type of its second input. */
export function lowerCastLike(lowering: Lowering, node: OnnxNode): Value {
  const constant = lowering.constants.get(node.inputs[1]);
  const type = constant ? valueType(constant.type) : operand(lowering, node, 1).type;
  if (constant && !(constant.type in EXACT)) throw new UnsupportedReason(`it makes ${constant.type} of a variable`);
  return castTo(lowering, operand(lowering, node, 0), type);
}

/** Types of constants that values have, too. */
const EXACT = { float32: true, int32: true, int64: true, bool: true };

function castTo(lowering: Lowering, input: Value, type: ElementType): Value {
  if (input.type === type) return input;
  const changes = type === "bool" || (type !== "float32" && input.type === "float32");
  const result = changes
    ? emitActivation(lowering, input, { kind: type === "bool" ? "isNotZero" : "truncate" })
    : emitCopy(lowering, input);
  result.type = type;
  return result;
}

/** Lowers Expand to a product with ones. */
export function lowerExpand(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  const shape = expandedShape(lowering, node, input.shape);
  if (elementCount(shape) === elementCount(input.shape)) return emitReshape(lowering, input, shape);
  const lengths = shape.map((length, i) => {
    const own = input.shape[i - shape.length + input.shape.length] ?? 1;
    return own === length ? 1 : length;
  });
  const ones = constantValue(lowering, {
    type: "float32",
    shape: lengths,
    data: reserve(lowering, "float32", lengths).fill(1),
  });
  const expanded = emitBinary(lowering, "multiply", [input, ones]);
  if (!sameShape(expanded.shape, shape)) throw new OnnxError("Expand is inconsistent", node.name);
  return expanded;
}

/** Most copies that Tile makes along an axis. */
const MOST_COPIES = 1024;

/** Lowers Tile by a constant number of copies along each axis. */
export function lowerTile(lowering: Lowering, node: OnnxNode): Value {
  const input = anyOperand(lowering, node, 0);
  const repeats = optionalIntegers(lowering, node, 1);
  if (repeats?.length !== input.shape.length) {
    throw new OnnxError(`Tile has repeats [${repeats ?? ""}] for the shape [${input.shape}]`, node.name);
  }
  const most = Math.max(...repeats);
  if (most > MOST_COPIES) throw new UnsupportedReason(`it makes ${most} copies: expected at most ${MOST_COPIES}`);
  if (repeats.some((count) => count < 1)) throw new UnsupportedReason("its result is empty");
  return repeats.reduce(
    (value, count, axis) => emitConcat(lowering, new Array<Value>(count).fill(value), axis),
    input,
  );
}

/** Lowers Trilu: a constant says where numbers stay. */
export function lowerTrilu(lowering: Lowering, node: OnnxNode): Value {
  const input = anyOperand(lowering, node, 0);
  const [rows, columns] = input.shape.slice(-2);
  if (columns === undefined) throw new OnnxError(`Trilu has an input of shape [${input.shape}]`, node.name);
  const [offset] = optionalIntegers(lowering, node, 1) ?? [0];
  const upper = intAttribute(node, "upper", 1) !== 0;
  const data = reserve(lowering, "bool", [rows, columns]).map((_, i) => {
    const distance = i % columns - Math.floor(i / columns);
    return Number(upper ? distance >= offset : distance <= offset);
  });
  const stays = constantValue(lowering, { type: "bool", shape: [rows, columns], data });
  const zero = numberValue(lowering, 0);
  zero.type = input.type;
  return emit(lowering, [stays, input, zero], { op: "select" });
}

function blockSize(node: OnnxNode): number {
  const block = intAttribute(node, "blocksize", 0);
  if (block < 1) throw new OnnxError(`${node.operator} has blocksize ${block}`, node.name);
  return block;
}

function requireImage(value: Value, node: OnnxNode): void {
  if (value.shape.length !== 4) {
    throw new OnnxError(
      `${node.operator} has an input of shape [${value.shape}]: expected 4 dimensions`,
      node.name,
    );
  }
}

/** Lowers DepthToSpace. */
export function lowerDepthToSpace(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  requireImage(input, node);
  const block = blockSize(node);
  const mode = stringAttribute(node, "mode", "DCR");
  if (mode !== "DCR" && mode !== "CRD") throw new OnnxError(`DepthToSpace has an unknown mode`, node.name);
  const [batch, channels, height, width] = input.shape;
  const depth = channels / (block * block);
  const split = mode === "DCR"
    ? [batch, block, block, depth, height, width]
    : [batch, depth, block, block, height, width];
  const permutation = mode === "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  const parts = emitReshape(lowering, input, split);
  const moved = emitTranspose(lowering, parts, permutation);
  return emitReshape(lowering, moved, [batch, depth, height * block, width * block]);
}

/** Lowers SpaceToDepth. */
export function lowerSpaceToDepth(lowering: Lowering, node: OnnxNode): Value {
  const input = operand(lowering, node, 0);
  requireImage(input, node);
  const block = blockSize(node);
  const [batch, channels, height, width] = input.shape;
  const [rows, columns] = [height / block, width / block];
  const mode = stringAttribute(node, "mode", "DCR");
  if (mode !== "DCR" && mode !== "CRD") throw new OnnxError("SpaceToDepth has an unknown mode", node.name);
  const parts = emitReshape(lowering, input, [batch, channels, rows, block, columns, block]);
  const moved = emitTranspose(lowering, parts, mode === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]);
  return emitReshape(lowering, moved, [batch, channels * block * block, rows, columns]);
}
