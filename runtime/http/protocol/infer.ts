/**
 * Answers to requests of the Open Inference Protocol.
 *
 * @module
 */

import type { Metrics } from "../metrics/metrics.ts";
import type { LoadedModel } from "../models/model_registry.ts";
import { runModel } from "../models/run_model.ts";
import type { RunOptions } from "../models/served_model.ts";
import { inferResponse } from "./infer_response.ts";
import { parseInferRequest } from "./parse_infer_request.ts";

/** How tensors are inferred on. */
export interface InferOptions extends RunOptions {
  /** Most samples of a request. */
  maxSamples: number;
  /** Receives the time that it took. */
  metrics: Metrics;
}

/**
 * Runs a model on the tensors of a request.
 *
 * @param body The request's body.
 * @param jsonLength Value of the header `Inference-Header-Content-Length`, if it was sent.
 * @param found The model.
 * @param options Limits and metrics.
 * @returns The response with the outputs.
 * @throws {HttpError} 400 on a bad request, 500 where the model fails.
 */
export async function infer(
  body: Uint8Array<ArrayBuffer>,
  jsonLength: string | undefined,
  found: LoadedModel,
  options: InferOptions,
): Promise<Response> {
  const request = parseInferRequest(body, jsonLength, found.model, options.maxSamples);
  const results = await runModel(found, () => found.model.run(request.inputs, options), options.metrics);
  return inferResponse(request, results, found);
}
