/**
 * Lets operators over images take signals [batch, channels, length] too, as
 * images of height 1.
 *
 * @module
 */

import type { Value } from "../graph/graph.ts";
import { emitReshape } from "./emit.ts";
import { UnsupportedReason } from "./errors.ts";
import type { Lowering } from "./lowering.ts";

/** Number of spatial dimensions of a value, which must be 1 or 2. */
export function spatialRank(value: Value): 1 | 2 {
  const rank = value.shape.length - 2;
  if (rank !== 1 && rank !== 2) {
    throw new UnsupportedReason(`its input has ${value.shape.length} dimensions`);
  }
  return rank;
}

/** The value as an image. */
export function liftToImage(lowering: Lowering, value: Value): Value {
  if (spatialRank(value) === 2) return value;
  const [batch, channels, length] = value.shape;
  return emitReshape(lowering, value, [batch, channels, 1, length]);
}

/** The image as a value with the given number of spatial dimensions. */
export function lowerFromImage(lowering: Lowering, image: Value, rank: 1 | 2): Value {
  if (rank === 2) return image;
  const [batch, channels, , length] = image.shape;
  return emitReshape(lowering, image, [batch, channels, length]);
}
