/**
 * The operators that can be lowered.
 *
 * @module
 */

import { stringAttribute } from "./attributes.ts";
import { isFoldable } from "./fold/fold.ts";
import { lowerClip, lowerGelu, lowerPRelu, lowerSwish } from "./lower/activation.ts";
import { lowerCast, lowerCastLike, lowerDepthToSpace, lowerDropout, lowerExpand } from "./lower/arrange.ts";
import { lowerIdentity, lowerReshape, lowerSpaceToDepth } from "./lower/arrange.ts";
import { lowerTile, lowerTranspose, lowerTrilu } from "./lower/arrange.ts";
import { lowerAttention } from "./lower/attention.ts";
import { lowerConv, lowerConvTranspose } from "./lower/convolution.ts";
import { lowerAdd, lowerAnd, lowerDiv, lowerEqual, lowerGreater } from "./lower/elementwise.ts";
import { lowerGreaterOrEqual, lowerLess, lowerLessOrEqual, lowerMax } from "./lower/elementwise.ts";
import { lowerMean, lowerMin, lowerMod, lowerMul, lowerNeg, lowerOr } from "./lower/elementwise.ts";
import { lowerPow, lowerSub, lowerSum, lowerWhere, lowerXor } from "./lower/elementwise.ts";
import { lowerEinsum } from "./lower/einsum.ts";
import { FUNCTIONS } from "./lower/functions.ts";
import { lowerGather, lowerGatherElements, lowerGatherNd, lowerOneHot } from "./lower/gather.ts";
import { lowerCumSum, lowerScatterElements, lowerScatterNd, lowerTopK } from "./lower/gather.ts";
import {
  lowerGroupNormalization,
  lowerInstanceNormalization,
  lowerLpNormalization,
} from "./lower/instance_normalization.ts";
import { lowerLrn, lowerMeanVarianceNormalization, lowerRmsNormalization } from "./lower/instance_normalization.ts";
import { lowerLayerNormalization } from "./lower/layer_normalization.ts";
import { lowerGemm, lowerMatMul } from "./lower/matrix.ts";
import { lowerBatchNormalization } from "./lower/normalization.ts";
import { lowerPad, PAD_MODES } from "./lower/pad.ts";
import { lowerGlobalAveragePool, lowerGlobalMaxPool, lowerPool } from "./lower/pool.ts";
import { lowerHardmax, lowerLogSoftmax, lowerReduceMean, lowerReduceSum } from "./lower/reduce.ts";
import { lowerSoftmax, REDUCTIONS } from "./lower/reduce.ts";
import { lowerResize, resizeComplaint } from "./lower/resize.ts";
import { lowerConcat, lowerSlice, lowerSplit } from "./lower/select.ts";
import type { Lower } from "./lowering.ts";
import type { OnnxNode } from "./model.ts";
import { remedyFor } from "./remedies.ts";

/** How each operator is lowered. */
const LOWER = {
  ...FUNCTIONS,
  ...REDUCTIONS,
  Add: lowerAdd,
  And: lowerAnd,
  Attention: lowerAttention,
  AveragePool: lowerPool,
  BatchNormalization: lowerBatchNormalization,
  Cast: lowerCast,
  CastLike: lowerCastLike,
  Clip: lowerClip,
  Concat: lowerConcat,
  Conv: lowerConv,
  ConvTranspose: lowerConvTranspose,
  CumSum: lowerCumSum,
  DepthToSpace: lowerDepthToSpace,
  Div: lowerDiv,
  Dropout: lowerDropout,
  Einsum: lowerEinsum,
  Equal: lowerEqual,
  Expand: lowerExpand,
  Flatten: lowerReshape,
  Gather: lowerGather,
  GatherElements: lowerGatherElements,
  GatherND: lowerGatherNd,
  Gelu: lowerGelu,
  Gemm: lowerGemm,
  GlobalAveragePool: lowerGlobalAveragePool,
  GlobalMaxPool: lowerGlobalMaxPool,
  Greater: lowerGreater,
  GreaterOrEqual: lowerGreaterOrEqual,
  GroupNormalization: lowerGroupNormalization,
  Hardmax: lowerHardmax,
  Identity: lowerIdentity,
  InstanceNormalization: lowerInstanceNormalization,
  LRN: lowerLrn,
  LayerNormalization: lowerLayerNormalization,
  Less: lowerLess,
  LessOrEqual: lowerLessOrEqual,
  LogSoftmax: lowerLogSoftmax,
  LpNormalization: lowerLpNormalization,
  MatMul: lowerMatMul,
  Max: lowerMax,
  MaxPool: lowerPool,
  Mean: lowerMean,
  MeanVarianceNormalization: lowerMeanVarianceNormalization,
  Min: lowerMin,
  Mod: lowerMod,
  Mul: lowerMul,
  Neg: lowerNeg,
  OneHot: lowerOneHot,
  Or: lowerOr,
  PRelu: lowerPRelu,
  Pad: lowerPad,
  Pow: lowerPow,
  RMSNormalization: lowerRmsNormalization,
  ReduceMean: lowerReduceMean,
  ReduceSum: lowerReduceSum,
  Reshape: lowerReshape,
  Resize: lowerResize,
  Scatter: lowerScatterElements,
  ScatterElements: lowerScatterElements,
  ScatterND: lowerScatterNd,
  Slice: lowerSlice,
  Softmax: lowerSoftmax,
  SpaceToDepth: lowerSpaceToDepth,
  Split: lowerSplit,
  Squeeze: lowerReshape,
  Sub: lowerSub,
  Sum: lowerSum,
  Swish: lowerSwish,
  Tile: lowerTile,
  TopK: lowerTopK,
  Transpose: lowerTranspose,
  Trilu: lowerTrilu,
  Unsqueeze: lowerReshape,
  Upsample: lowerResize,
  Where: lowerWhere,
  Xor: lowerXor,
} satisfies Readonly<Record<string, Lower>>;

/** The name of an operator that can be lowered. */
export type LoweredOperator = keyof typeof LOWER;

/** How to lower an operator, where it can be. */
export function lowerOf(operator: string): Lower | undefined {
  return isLowered(operator) ? LOWER[operator] : undefined;
}

function isLowered(operator: string): operator is LoweredOperator {
  return Object.hasOwn(LOWER, operator);
}

/** What can be said against a node without knowing its inputs. */
export interface Complaint {
  /** Absent where the operator itself is not supported. */
  reason?: string;
  /** What would help. */
  remedy?: string;
}

/**
 * Why a node is not supported, from its operator and attributes alone.
 *
 * @param isVariable Whether it depends on an input of the network.
 */
export function complaintAbout(node: OnnxNode, isVariable: boolean): Complaint | undefined {
  if (node.domain !== "") return unknownOperator(node);
  for (const attribute of node.attributes.values()) {
    if (attribute.kind !== "other") continue;
    const { description, remedy } = attribute;
    return { reason: `it has ${description}`, ...(remedy !== undefined && { remedy }) };
  }
  if (!isLowered(node.operator)) {
    if (!isFoldable(node.operator)) return unknownOperator(node);
    if (isVariable) return { reason: "its inputs are not all constant" };
  }
  if (node.operator === "Pad") {
    const mode = stringAttribute(node, "mode", "constant");
    if (!PAD_MODES.includes(mode)) return { reason: `its mode is ${mode}` };
  }
  if (node.operator === "Resize" || node.operator === "Upsample") {
    const reason = resizeComplaint(node);
    if (reason) return { reason };
  }
  return undefined;
}

function unknownOperator(node: OnnxNode): Complaint {
  const remedy = remedyFor(node);
  return remedy === undefined ? {} : { remedy };
}
