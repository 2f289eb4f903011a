/**
 * What the server asks of a model; `Model` has all of it.
 *
 * @module
 */

import type { ModelPort, Prediction, Tensor } from "../model.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { Pixels } from "../resize_image.ts";

/** A model that can be served. */
export interface ServedModel {
  /** Inputs in the source network's own layout, -1 for a free batch. */
  readonly inputs: readonly ModelPort[];
  /** Outputs in the source network's own layout, -1 for a free batch. */
  readonly outputs: readonly ModelPort[];
  /** How images are prepared, where the network takes images. */
  readonly preprocessing?: Preprocessing | undefined;
  /** Runs the network; throws a TypeError or RangeError on bad input. */
  run(inputs: Record<string, Tensor>): Record<string, Tensor>;
  /** Classifies an image; throws a TypeError or RangeError where it doesn't suit the network. */
  classify(image: Pixels, options: { top: number }): Prediction[];
}

/** Models by the name under which they are served. */
export type ServedModels = ReadonlyMap<string, ServedModel>;
