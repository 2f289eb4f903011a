/**
 * Attention, written out as matrix products and softmax.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import { emit, emitActivation, emitBinary, emitConcat, emitMatMul, emitReshape, emitSoftmax } from "../emit.ts";
import { emitTranspose } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { anyOperand, constantValue, hasInput, type Lowering, numberValue, operand, reserve } from "../lowering.ts";
import type { OnnxNode } from "../model.ts";

/** Lowers Attention; its outputs are the result, all keys, all values, and scores. */
export function lowerAttention(lowering: Lowering, node: OnnxNode): Value[] {
  const precision = intAttribute(node, "softmax_precision", 1);
  if (precision !== 1) throw new UnsupportedReason("its softmax is not computed in float32");
  const [query, newKeys, newValues] = [0, 1, 2].map((index) =>
    splitHeads(lowering, node, operand(lowering, node, index), index === 0 ? "q_num_heads" : "kv_num_heads")
  );
  const hasPast = hasInput(node, 4) && hasInput(node, 5);
  const [keys, values] = [newKeys, newValues].map((value, i) =>
    hasPast ? emitConcat(lowering, [operand(lowering, node, 4 + i), value], 2) : value
  );
  const scale = Math.sqrt(floatAttribute(node, "scale", 1 / Math.sqrt(query.shape[3])));
  const [scaledQuery, scaledKeys] = [query, repeatHeads(lowering, node, keys, query)].map((value) =>
    emitBinary(lowering, "multiply", [value, numberValue(lowering, scale)])
  );
  const products = emitMatMul(lowering, scaledQuery, emitTranspose(lowering, scaledKeys, [0, 1, 3, 2]));
  const masked = mask(lowering, node, products, hasPast);
  const limit = floatAttribute(node, "softcap", 0);
  if (limit !== 0 && masked !== products) throw new UnsupportedReason("it has a mask and a softcap");
  const capped = limit === 0 ? masked : cap(lowering, masked, limit);
  const weights = emitSoftmax(lowering, capped, 3);
  const result = emitMatMul(lowering, weights, repeatHeads(lowering, node, values, query));
  const [batch, heads, length, size] = result.shape;
  const joined = lowering.values.get(lowering.names.get(node.inputs[0]) ?? "")?.shape.length === 3
    ? emitReshape(lowering, emitTranspose(lowering, result, [0, 2, 1, 3]), [batch, length, heads * size])
    : result;
  const mode = intAttribute(node, "qk_matmul_output_mode", 0);
  // What stands between them depends on the release of ONNX.
  if ((mode === 1 || mode === 2) && lowering.readers.has(node.outputs[3] ?? "")) {
    throw new UnsupportedReason(`its output of scores in the mode ${mode} is used`);
  }
  return [joined, keys, values, mode === 3 ? weights : products];
}

/** [batch, length, heads * size] as [batch, heads, length, size]; a value of four dimensions is so already. */
function splitHeads(lowering: Lowering, node: OnnxNode, value: Value, attribute: string): Value {
  if (value.shape.length === 4) return value;
  const heads = intAttribute(node, attribute, 0);
  const [batch, length, width] = value.shape;
  if (value.shape.length !== 3 || heads < 1 || width % heads !== 0) {
    throw new OnnxError(`Attention cannot divide [${value.shape}] into ${heads} heads`, node.name);
  }
  const split = emitReshape(lowering, value, [batch, length, heads, width / heads]);
  return emitTranspose(lowering, split, [0, 2, 1, 3]);
}

/** Heads that several heads of the query share, once for each of them. */
function repeatHeads(lowering: Lowering, node: OnnxNode, value: Value, query: Value): Value {
  const [batch, heads, length, size] = value.shape;
  const wanted = query.shape[1];
  if (heads === wanted) return value;
  if (wanted % heads !== 0) throw new OnnxError(`Attention has ${wanted} heads for ${heads}`, node.name);
  const single = emitReshape(lowering, value, [batch, heads, 1, length, size]);
  const repeated = emitConcat(lowering, new Array<Value>(wanted / heads).fill(single), 2);
  return emitReshape(lowering, repeated, [batch, wanted, length, size]);
}

/** Scores with -Infinity where a key is not to be seen, and whatever a mask of floats adds. */
function mask(lowering: Lowering, node: OnnxNode, scores: Value, hasPast: boolean): Value {
  let masked = scores;
  const [rows, columns] = scores.shape.slice(-2);
  if (intAttribute(node, "is_causal", 0) !== 0) {
    if (hasPast) throw new UnsupportedReason("it is causal and has keys of the past");
    const data = reserve(lowering, "bool", [rows, columns]).map((_, i) =>
      Number(i % columns <= Math.floor(i / columns))
    );
    masked = hide(lowering, constantValue(lowering, { type: "bool", shape: [rows, columns], data }), masked);
  }
  if (!hasInput(node, 3)) return masked;
  const given = anyOperand(lowering, node, 3);
  return given.type === "bool" ? hide(lowering, given, masked) : emitBinary(lowering, "add", [masked, given]);
}

function hide(lowering: Lowering, visible: Value, scores: Value): Value {
  return emit(lowering, [visible, scores, numberValue(lowering, -Infinity)], { op: "select" });
}

function cap(lowering: Lowering, scores: Value, limit: number): Value {
  const share = emitBinary(lowering, "divide", [scores, numberValue(lowering, limit)]);
  return emitBinary(lowering, "multiply", [
    emitActivation(lowering, share, { kind: "tanh" }),
    numberValue(lowering, limit),
  ]);
}
