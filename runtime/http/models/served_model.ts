/**
 * What the server asks of a model, here or in another thread.
 *
 * @module
 */

import { decodeImage } from "../../../image/decode_image.ts";
import type { Model, ModelPort, Prediction, Tensor } from "../../model.ts";
import type { Preprocessing } from "../../preprocessing.ts";
import { release } from "./release.ts";

/** A value now or later. */
export type Awaitable<T> = T | Promise<T>;

/** How a request is run. */
export interface RunOptions {
  /** Gives the request up where its client goes away, as long as it has to wait. */
  signal?: AbortSignal | undefined;
}

/** How an image file is classified. */
export interface ClassifyFileOptions extends RunOptions {
  /** Number of classes. */
  top: number;
  /** Most pixels of the image. */
  maxPixels: number;
}

/** What a model gave for an image file. */
export interface ClassifiedFile {
  /** The classes, the likeliest first. */
  predictions: Prediction[];
  /** Milliseconds that decoding took. */
  decodeMilliseconds: number;
}

/** A request that is not run: too many wait already, or its client has gone. */
export class RefusedError extends Error {
  /** Name of the class. */
  override readonly name: string = "RefusedError";

  /**
   * Makes the error.
   *
   * @param reason Why it is not run.
   */
  constructor(readonly reason: "queue_full" | "cancelled") {
    super(reason === "cancelled" ? "The client has gone" : "Too many requests wait");
  }
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
   * @throws {InputError} On bad input.
   * @throws {RefusedError} Where the request is not run.
   */
  run(inputs: Record<string, Tensor>, options?: RunOptions): Awaitable<Record<string, Tensor>>;
  /**
   * Decodes an image file and classifies it; only asked of a model with `preprocessing`.
   *
   * @throws {ImageError} Where the file cannot be decoded.
   * @throws {InputError} Where the image doesn't suit the network.
   * @throws {RefusedError} Where the request is not run.
   */
  classify(file: Uint8Array, options: ClassifyFileOptions): Awaitable<ClassifiedFile>;
  /** Whether a request that came now would be refused because too many wait; never if absent. */
  full?(): boolean;
}

/**
 * Makes a model that can be served of one in this isolate.
 *
 * @param model The model.
 */
export function serveModel(model: Model): ServedModel {
  const { inputs, outputs, labels, preprocessing } = model;
  return {
    inputs,
    outputs,
    labels,
    preprocessing,
    run: (inputs) => model.run(inputs),
    async classify(file, { top, maxPixels }) {
      const start = performance.now();
      const image = await decodeImage(file, { maxPixels });
      const decodeMilliseconds = performance.now() - start;
      const predictions = model.classify(image, { top });
      release([image.data]);
      return { predictions, decodeMilliseconds };
    },
  };
}
