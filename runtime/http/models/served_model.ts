/**
 * What the server asks of a model; `Model` has all of it.
 *
 * @module
 */

import type { ModelPort, Prediction, Tensor } from "../../model.ts";
import type { Preprocessing } from "../../preprocessing.ts";
import type { Pixels } from "../../resize_image.ts";

/** A value now or later. */
export type Awaitable<T> = T | Promise<T>;

/** How a request is run. */
export interface RunOptions {
  /** Gives the request up where its client goes away, as long as it has to wait. */
  signal?: AbortSignal | undefined;
}

/** What a model gave for an image file. */
export interface ClassifiedFile {
  /** The classes, the likeliest first. */
  predictions: Prediction[];
  /** Milliseconds that decoding took. */
  decodeMilliseconds: number;
}

/** A model that can be served, in this isolate or elsewhere. */
export interface ServedModel {
  /** Inputs in the source network's own layout, -1 for a free batch. */
  readonly inputs: readonly ModelPort[];
  /** Outputs in the source network's own layout, -1 for a free batch. */
  readonly outputs: readonly ModelPort[];
  /** Name of each class of the first output, where they are known. */
  readonly labels?: readonly string[] | undefined;
  /** How images are prepared, where the network takes images. */
  readonly preprocessing?: Preprocessing | undefined;
  /**
   * Runs the network.
   *
   * @throws {TypeError | RangeError} On bad input.
   * @throws {HttpError} Where the request is refused for another reason, such as a full queue.
   */
  run(inputs: Record<string, Tensor>, options?: RunOptions): Awaitable<Record<string, Tensor>>;
  /**
   * Classifies an image.
   *
   * @throws {TypeError | RangeError} Where it doesn't suit the network.
   * @throws {HttpError} Where the request is refused for another reason, such as a full queue.
   */
  classify?(image: Pixels, options: { top: number }): Awaitable<Prediction[]>;
  /**
   * Decodes an image file and classifies it, where the model would rather do both; comes before `classify`.
   *
   * @throws {TypeError | RangeError} Where the image doesn't suit the network.
   * @throws {HttpError} Where it cannot be decoded or the request is refused for another reason.
   */
  classifyFile?(
    file: Uint8Array,
    options: RunOptions & { top: number; maxPixels: number },
  ): Awaitable<ClassifiedFile>;
  /** Whether a request that came now would be refused because too many wait; never if absent. */
  full?(): boolean;
}
