/**
 * Running of a model for a client.
 *
 * @module
 */

import { ImageError, type ImageFault } from "../../../image/image_error.ts";
import { isInputError } from "../../errors.ts";
import { HttpError, quote } from "../http_error.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { LoadedModel } from "./model_registry.ts";
import { queueFull } from "./queue_full.ts";
import { type Awaitable, RefusedError } from "./served_model.ts";

const IMAGE_STATUS: Readonly<Record<ImageFault, number>> = { "unsupported": 415, "too-large": 413, "corrupt": 400 };

/**
 * Runs a model and notes how long it took.
 *
 * @param found The model.
 * @param run Runs it.
 * @param metrics Receives the time.
 * @returns What it gives.
 * @throws {HttpError} 400, 413 or 415 on input that doesn't suit the model or an image that cannot be decoded, 429 or
 * 499 where it was not run, 500 where it trapped; a defect as it was thrown.
 */
export async function runModel<T>(
  { name, version }: LoadedModel,
  run: () => Awaitable<T>,
  metrics: Metrics,
): Promise<T> {
  const start = performance.now();
  try {
    return await run();
  } catch (error) {
    throw toHttpError(error, name);
  } finally {
    metrics.inferenceSeconds.observe({ model: name, version }, (performance.now() - start) / 1000);
  }
}

function toHttpError(error: unknown, name: string): unknown {
  if (error instanceof ImageError) return new HttpError(IMAGE_STATUS[error.fault], error.message);
  if (isInputError(error)) return new HttpError(400, error.message);
  if (error instanceof RefusedError) {
    return error.reason === "queue_full" ? queueFull(name) : new HttpError(499, error.message, { reason: "cancelled" });
  }
  if (error instanceof WebAssembly.RuntimeError) {
    return new HttpError(500, `Model ${quote(name)} failed on this request and is made anew`, { reason: "trap" });
  }
  return error;
}
