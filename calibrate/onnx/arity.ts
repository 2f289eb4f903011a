/**
 * How many inputs and outputs ONNX's operators have.
 *
 * @module
 */

import { OnnxError } from "./errors.ts";
import { FUNCTIONS } from "./lower/functions.ts";
import { REDUCTIONS } from "./lower/reduce.ts";
import type { OnnxNode } from "./model.ts";
import type { LoweredOperator } from "./operators.ts";

/** Fewest inputs, most inputs and most outputs over all versions that are read. */
type Arity = readonly [fewest: number, most: number, outputs: number];

const UNARY: Arity = [1, 1, 1];
const BINARY: Arity = [2, 2, 1];
const VARIADIC: Arity = [1, Infinity, 1];
const REDUCTION: Arity = [1, 2, 1];

const REDUCTION_ARITIES = Object.fromEntries(Object.keys(REDUCTIONS).map((name) => [name, REDUCTION])) as Record<
  keyof typeof REDUCTIONS,
  Arity
>;

const FUNCTION_ARITIES = Object.fromEntries(Object.keys(FUNCTIONS).map((name) => [name, UNARY])) as Record<
  keyof typeof FUNCTIONS,
  Arity
>;

/** Of all operators that can be lowered, and of those that are only folded and have more than one input. */
const ARITIES: Readonly<Record<LoweredOperator, Arity>> & Readonly<Record<string, Arity>> = {
  ...FUNCTION_ARITIES,
  ...REDUCTION_ARITIES,
  Add: BINARY,
  And: BINARY,
  Attention: [3, 6, 4],
  AveragePool: UNARY,
  BatchNormalization: [5, 5, 5],
  Cast: UNARY,
  CastLike: BINARY,
  Clip: [1, 3, 1],
  Concat: VARIADIC,
  Constant: [0, 0, 1],
  Conv: [2, 3, 1],
  ConvTranspose: [2, 3, 1],
  CumSum: BINARY,
  DepthToSpace: UNARY,
  Div: BINARY,
  Dropout: [1, 3, 2],
  Einsum: VARIADIC,
  Equal: BINARY,
  Expand: BINARY,
  Flatten: UNARY,
  Gather: BINARY,
  GatherElements: BINARY,
  GatherND: BINARY,
  Gelu: UNARY,
  Gemm: [2, 3, 1],
  GlobalAveragePool: UNARY,
  GlobalMaxPool: UNARY,
  Greater: BINARY,
  GreaterOrEqual: BINARY,
  GroupNormalization: [3, 3, 1],
  Hardmax: UNARY,
  Identity: UNARY,
  InstanceNormalization: [3, 3, 1],
  LRN: UNARY,
  LayerNormalization: [2, 3, 3],
  Less: BINARY,
  LessOrEqual: BINARY,
  LogSoftmax: UNARY,
  LpNormalization: UNARY,
  MatMul: BINARY,
  Max: VARIADIC,
  MaxPool: [1, 1, 2],
  Mean: VARIADIC,
  MeanVarianceNormalization: UNARY,
  Min: VARIADIC,
  Mod: BINARY,
  Mul: BINARY,
  Neg: UNARY,
  OneHot: [3, 3, 1],
  Or: BINARY,
  Pad: [1, 4, 1],
  Pow: BINARY,
  PRelu: BINARY,
  RMSNormalization: [2, 2, 1],
  Range: [3, 3, 1],
  ReduceMean: REDUCTION,
  ReduceSum: REDUCTION,
  Reshape: [1, 2, 1],
  Resize: [1, 4, 1],
  Scatter: [3, 3, 1],
  ScatterElements: [3, 3, 1],
  ScatterND: [3, 3, 1],
  Slice: [1, 5, 1],
  Softmax: UNARY,
  SpaceToDepth: UNARY,
  Split: [1, 2, Infinity],
  Squeeze: [1, 2, 1],
  Sub: BINARY,
  Sum: VARIADIC,
  Swish: UNARY,
  Tile: [2, 2, 1],
  TopK: [1, 2, 2],
  Transpose: UNARY,
  Trilu: [1, 2, 1],
  Unsqueeze: [1, 2, 1],
  Upsample: [1, 2, 1],
  Where: [3, 3, 1],
  Xor: BINARY,
};

/**
 * Checks that a node of a known standard operator has as many inputs and
 * outputs as the operator can have.
 *
 * @throws {OnnxError} Where it has not, or where an input that must be given is left out.
 */
export function checkArity(node: OnnxNode): void {
  const [fewest, most, outputs] = ARITIES[node.operator] ?? UNARY;
  const count = node.inputs.length;
  const required = node.inputs.slice(0, fewest === 1 && most === Infinity ? count : fewest);
  const absent = required.indexOf("");
  if (count < fewest || count > most) {
    const range = most === fewest ? `${fewest}` : most === Infinity ? `at least ${fewest}` : `${fewest} to ${most}`;
    throw new OnnxError(`${node.operator} has ${count} inputs: expected ${range}`, node.name);
  }
  if (absent >= 0) throw new OnnxError(`${node.operator} lacks its input number ${absent + 1}`, node.name);
  if (node.outputs.length === 0 || node.outputs.length > outputs || node.outputs.every((output) => output === "")) {
    throw new OnnxError(`${node.operator} has ${node.outputs.filter((name) => name !== "").length} outputs`, node.name);
  }
}
