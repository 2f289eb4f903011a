/**
 * Where onnxruntime's answer is not the one of the specification, and Octet's
 * need not be onnxruntime's.
 *
 * @module
 */

import type { NodeSpec } from "../../../calibrate/onnx/encode.ts";

/** A known difference. */
export interface KnownDifference {
  reason: string;
  /** Whether a node can make it. */
  isOf(node: NodeSpec): boolean;
}

/** All known differences. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: "positions in the middle of two pixels: onnxruntime's float32 falls to one side or the other by chance",
    isOf: ({ op, attributes = {} }) =>
      op === "Resize" && attributes.mode === "nearest" &&
      attributes.coordinate_transformation_mode === "half_pixel_symmetric",
  },
];
