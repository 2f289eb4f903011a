/**
 * Responses of the Open Inference Protocol, in JSON and with binary tensors.
 *
 * @module
 */

import type { Tensor } from "../../model.ts";
import { HttpError, quote } from "../http_error.ts";
import type { LoadedModel } from "../models/model_registry.ts";
import { bytesResponse, jsonResponse } from "../response.ts";
import { classifyTensor, type TextTensor } from "./classification.ts";
import { joinBytes } from "./join_bytes.ts";
import type { InferRequest, RequestedOutput } from "./parse_infer_request.ts";
import { JSON_LENGTH_HEADER } from "./tensor_bytes.ts";

/**
 * Makes the response to a request.
 *
 * @param request What was asked for.
 * @param results The tensors of all outputs, by name.
 * @param found The model that gave them.
 * @throws {HttpError} 500 where JSON is asked for and a value is not finite.
 */
export function inferResponse(
  request: InferRequest,
  results: Record<string, Tensor>,
  found: LoadedModel,
): Response {
  const binary: Uint8Array<ArrayBuffer>[] = [];
  const outputs = request.outputs.map((output) => {
    const tensor = results[output.name];
    const classes = output.classes === undefined
      ? undefined
      : classifyTensor(tensor, output.classes, output.name === found.model.outputs[0].name ? found.model.labels : []);
    const { shape } = classes ?? tensor;
    const head = { name: output.name, shape, datatype: classes === undefined ? "FP32" : "BYTES" };
    if (!output.binary) return { ...head, data: classes?.data ?? finite(output, tensor) };
    const bytes = classes === undefined ? littleEndian(tensor.data) : lengthPrefixed(classes);
    binary.push(bytes);
    return { ...head, parameters: { binary_data_size: bytes.length } };
  });
  const body = {
    model_name: found.name,
    model_version: found.version,
    ...(request.id !== undefined && { id: request.id }),
    outputs,
  };
  if (binary.length === 0) return jsonResponse(body);
  const json = new TextEncoder().encode(JSON.stringify(body));
  return bytesResponse(joinBytes([json, ...binary]), "application/octet-stream", {
    headers: { [JSON_LENGTH_HEADER]: String(json.length) },
  });
}

function finite({ name }: RequestedOutput, { data }: Tensor): number[] {
  if (!data.every(Number.isFinite)) {
    throw new HttpError(500, `Output ${quote(name)} has a value that is not finite, which only binary data can hold`, {
      reason: "not_finite",
    });
  }
  return Array.from(data);
}

function littleEndian(data: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** Each string after its length in 4 bytes. */
function lengthPrefixed({ data }: TextTensor): Uint8Array<ArrayBuffer> {
  return joinBytes(data.flatMap((text) => {
    const bytes = new TextEncoder().encode(text);
    return [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes];
  }));
}
