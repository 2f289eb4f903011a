/**
 * Answers to requests of the Open Inference Protocol.
 *
 * @module
 */

import type { Tensor } from "../model.ts";
import { HttpError, jsonResponse, quote } from "./http_error.ts";
import { parseInferRequest } from "./parse_infer_request.ts";
import { parseJson } from "./parse_json.ts";
import type { ServedModel } from "./served_model.ts";

/**
 * Runs a model on the tensors of a request.
 *
 * @param body The request's JSON.
 * @param name Name under which the model is served.
 * @param model The model.
 * @returns The response with the outputs.
 * @throws {HttpError} 400 on a bad request, 500 where an output is not finite.
 */
export function infer(body: Uint8Array, name: string, model: ServedModel): Response {
  const { id, inputs, outputs } = parseInferRequest(parseJson(body), model);
  const results = run(model, inputs);
  return jsonResponse({
    model_name: name,
    ...(id !== undefined && { id }),
    outputs: outputs.map((output) => describe(output, results[output])),
  });
}

function run(model: ServedModel, inputs: Record<string, Tensor>): Record<string, Tensor> {
  try {
    return model.run(inputs);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new HttpError(400, error.message);
    throw error;
  }
}

function describe(name: string, { shape, data }: Tensor): Record<string, unknown> {
  if (!data.every(Number.isFinite)) {
    throw new HttpError(500, `Output ${quote(name)} has a value that is not finite`);
  }
  return { name, shape, datatype: "FP32", data: Array.from(data) };
}
