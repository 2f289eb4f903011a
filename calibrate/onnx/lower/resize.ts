/**
 * Resize and Upsample.
 *
 * @module
 */

import type { Value } from "../../graph/graph.ts";
import { floatsAttribute, intAttribute, intsAttribute, stringAttribute } from "../attributes.ts";
import { emitResampling, emitTranspose } from "../emit.ts";
import { OnnxError, UnsupportedReason } from "../errors.ts";
import { liftToImage, lowerFromImage, spatialRank } from "../lift.ts";
import {
  type Lowering,
  normaliseAxis,
  operand,
  optionalConstant,
  optionalIntegers,
  requireRoom,
  requireShape,
} from "../lowering.ts";
import type { OnnxNode } from "../model.ts";
import { isCoordinateMode, sampleAxis } from "../resize_axis.ts";

interface Scaling {
  /** Output length per dimension. */
  size: number[];
  /** Output per input pixel, per dimension. */
  scales: number[];
}

/** Lowers Resize and Upsample, nearest or linear, of the spatial dimensions. */
export function lowerResize(lowering: Lowering, node: OnnxNode): Value {
  const given = operand(lowering, node, 0);
  const scaling = readScaling(lowering, node, given.shape);
  const last = given.shape.length - 1;
  if (given.shape.length === 4 && changes(given, scaling, 1) && !changes(given, scaling, last)) {
    return resizeChannelsLast(lowering, node, { given, scaling });
  }
  const rank = spatialRank(given);
  if (changes(given, scaling, 0) || changes(given, scaling, 1)) {
    throw new UnsupportedReason("it resizes the batch or the channels");
  }
  const image = liftToImage(lowering, given);
  const spatial = {
    size: rank === 1 ? [1, scaling.size[2]] : scaling.size.slice(2),
    scales: rank === 1 ? [1, scaling.scales[2]] : scaling.scales.slice(2),
  };
  return lowerFromImage(lowering, emitResize(lowering, node, { image, ...spatial }), rank);
}

function changes(value: Value, scaling: Scaling, axis: number): boolean {
  return scaling.size[axis] !== value.shape[axis] || scaling.scales[axis] !== 1;
}

function resizeChannelsLast(
  lowering: Lowering,
  node: OnnxNode,
  { given, scaling }: { given: Value; scaling: Scaling },
): Value {
  if (changes(given, scaling, 0)) throw new UnsupportedReason("it resizes the batch");
  const image = emitTranspose(lowering, given, [0, 3, 1, 2]);
  const resized = emitResize(lowering, node, {
    image,
    size: scaling.size.slice(1, 3),
    scales: scaling.scales.slice(1, 3),
  });
  return emitTranspose(lowering, resized, [0, 2, 3, 1]);
}

function emitResize(
  lowering: Lowering,
  node: OnnxNode,
  { image, size, scales }: { image: Value; size: number[]; scales: number[] },
): Value {
  const [batch, channels, height, width] = image.shape;
  if (size[0] === height && size[1] === width && scales.every((scale) => scale === 1)) return image;
  const mode = stringAttribute(node, "mode", "nearest") === "nearest" ? "nearest" : "linear";
  const legacy = lowering.opset < 11;
  const coordinates = legacy ? "asymmetric" : stringAttribute(node, "coordinate_transformation_mode", "half_pixel");
  if (!isCoordinateMode(coordinates)) {
    throw new UnsupportedReason(`its coordinate mode is ${coordinates}`);
  }
  const rounding = legacy ? undefined : stringAttribute(node, "nearest_mode", "round_prefer_floor");
  if (rounding !== undefined && !["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].includes(rounding)) {
    throw new OnnxError("Resize has an unknown nearest_mode", node.name);
  }
  requireShape(lowering, [batch, channels, size[0], size[1]]);
  requireRoom(lowering, [3, size[0] + size[1]]);
  const axis = (i: 0 | 1) =>
    sampleAxis({
      mode,
      coordinates,
      // Operator set 10 left open how to round; onnxruntime takes the pixel after where an image shrinks.
      rounding: rounding ?? (scales[i] < 1 ? "ceil" : "floor"),
      input: image.shape[2 + i],
      output: size[i],
      scale: scales[i],
    });
  return emitResampling(lowering, image, { mode, rows: axis(0), columns: axis(1) });
}

function readScaling(lowering: Lowering, node: OnnxNode, shape: number[]): Scaling {
  const rank = shape.length;
  const axes = (intsAttribute(node, "axes") ?? shape.map((_, i) => i)).map((axis) => normaliseAxis(axis, rank, node));
  const { scales, sizes } = readTargets(lowering, node);
  const list = sizes ?? scales;
  if (list?.length !== axes.length || list.some((entry) => !(entry > 0))) {
    throw new OnnxError(
      `${node.operator} has ${sizes ? "sizes" : "scales"} [${list ?? ""}]: expected ` +
        `${axes.length} positive numbers`,
      node.name,
    );
  }
  const result: Scaling = { size: [...shape], scales: shape.map(() => 1) };
  const common = commonScale(node, axes.map((axis, i) => list[i] / shape[axis]));
  for (const [i, axis] of axes.entries()) {
    if (!sizes) {
      result.scales[axis] = scales![i];
      result.size[axis] = Math.floor(Math.fround(shape[axis] * Math.fround(scales![i])));
    } else {
      result.size[axis] = common ? Math.round(shape[axis] * common) : sizes[i];
      result.scales[axis] = common ?? sizes[i] / shape[axis];
    }
  }
  return result;
}

function readTargets(
  lowering: Lowering,
  node: OnnxNode,
): { scales: number[] | undefined; sizes: number[] | undefined } {
  const attribute = node.operator === "Upsample" ? floatsAttribute(node, "scales") : undefined;
  if (attribute) return { scales: attribute, sizes: undefined };
  const at = node.operator === "Upsample" || lowering.opset < 11 ? 1 : 2;
  const tensor = optionalConstant(lowering, node, at);
  const scales = tensor && tensor.data.length > 0 ? Array.from(tensor.data) : undefined;
  const sizes = lowering.opset >= 11 ? optionalIntegers(lowering, node, 3) : undefined;
  return { scales, sizes: sizes?.length ? sizes : undefined };
}

function commonScale(node: OnnxNode, scales: number[]): number | undefined {
  const policy = stringAttribute(node, "keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return undefined;
  return policy === "not_larger" ? Math.min(...scales) : Math.max(...scales);
}

/** Why a Resize node is not supported, from its attributes alone. */
export function resizeComplaint(node: OnnxNode): string | undefined {
  const mode = stringAttribute(node, "mode", "nearest");
  if (!["nearest", "linear", "bilinear"].includes(mode)) return `its mode is ${mode}`;
  if (intAttribute(node, "antialias", 0) !== 0) return "it is antialiased";
  const coordinates = stringAttribute(node, "coordinate_transformation_mode", "half_pixel");
  if (!isCoordinateMode(coordinates)) return `its coordinate mode is ${coordinates}`;
  return undefined;
}
