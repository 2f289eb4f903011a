/**
 * Answers to requests with an image.
 *
 * @module
 */

import { findFormat } from "../../image/formats.ts";
import { HttpError, quote } from "./http_error.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { LoadedModel } from "./models/model_registry.ts";
import { runModel } from "./models/run_model.ts";
import type { ClassifyFileOptions } from "./models/served_model.ts";
import { jsonResponse } from "./response.ts";

const DEFAULT_TOP = 5;

/** What the query of a request asks for. */
export interface ClassifyQuery {
  /** Name of the model, which may be absent where only one is served. */
  model: string | undefined;
  /** Version of the model, its last if absent. */
  version: string | undefined;
  /** Number of classes. */
  top: number;
}

/**
 * Reads the query of a request.
 *
 * @param parameters Parameters `model`, `version` and `top`, all optional.
 * @returns What it asks for.
 * @throws {HttpError} 400 if `top` is not a positive integer.
 */
export function parseClassifyQuery(parameters: URLSearchParams): ClassifyQuery {
  const top = parameters.get("top") ?? String(DEFAULT_TOP);
  if (!/^[1-9]\d{0,5}$/.test(top)) {
    throw new HttpError(400, `top must be a positive integer, not ${quote(top)}`);
  }
  return {
    model: parameters.get("model") ?? undefined,
    version: parameters.get("version") ?? undefined,
    top: Number(top),
  };
}

/** How an image is classified, and what receives the times that it took. */
export interface ClassifyOptions extends ClassifyFileOptions {
  /** Receives the times. */
  metrics: Metrics;
}

/**
 * Classifies the image of a request.
 *
 * @param file An image file.
 * @param found The model.
 * @param options Number of classes, limits on the image, and metrics.
 * @returns The response with the classes, the likeliest first.
 * @throws {HttpError} 415, 413 or 400 if the image can't be decoded or doesn't suit the model, 500 where that fails.
 */
export async function classify(file: Uint8Array, found: LoadedModel, options: ClassifyOptions): Promise<Response> {
  const { name, version, model } = found;
  if (!model.preprocessing) throw new HttpError(400, `Model ${quote(name)} takes no images`);
  const start = performance.now();
  const format = findFormat(file); // before the model takes the file's memory over
  const run = () => model.classify(file, options);
  const { predictions, decodeMilliseconds } = await runModel(found, run, options.metrics);
  options.metrics.decodeSeconds.observe({ format: format! }, decodeMilliseconds / 1000);
  if (!predictions.every(({ score }) => Number.isFinite(score))) {
    throw new HttpError(500, `Model ${quote(name)} gives a score that is not finite`, { reason: "not_finite" });
  }
  const milliseconds = Math.round((performance.now() - start) * 1000) / 1000;
  return jsonResponse({ model: name, version, predictions, milliseconds });
}
