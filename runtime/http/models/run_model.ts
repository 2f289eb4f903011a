/**
 * Running of a model for a client.
 *
 * @module
 */

import { isInputError } from "../../errors.ts";
import { HttpError, quote } from "../http_error.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { LoadedModel } from "./model_registry.ts";
import type { Awaitable } from "./served_model.ts";

/**
 * Runs a model and notes how long it took.
 *
 * @param found The model.
 * @param run Runs it.
 * @param metrics Receives the time.
 * @returns What it gives.
 * @throws {HttpError} 400 on input that doesn't suit the model, 500 where it trapped.
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
    if (isInputError(error)) throw new HttpError(400, error.message);
    if (error instanceof WebAssembly.RuntimeError) {
      throw new HttpError(500, `Model ${quote(name)} failed on this request and is made anew`, { reason: "trap" });
    }
    throw error;
  } finally {
    metrics.inferenceSeconds.observe({ model: name, version }, (performance.now() - start) / 1000);
  }
}
