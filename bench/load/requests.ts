/**
 * Requests that a server is loaded with.
 *
 * @module
 */

import { joinBytes } from "../../runtime/http/protocol/join_bytes.ts";
import type { Model } from "../../runtime/model.ts";

/** One request, made again and again. */
export interface LoadRequest {
  /** What it is, in a word. */
  name: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
}

/**
 * A request for one sample in binary: tensors in, tensors out.
 *
 * @param model What is served, by its first version.
 * @param inputs One sample of each input.
 */
export function tensorRequest(model: Model, inputs: Record<string, Float32Array<ArrayBuffer>>): LoadRequest {
  const json = new TextEncoder().encode(JSON.stringify({
    inputs: model.inputs.map(({ name, shape }) => ({
      name,
      shape: shape.map(Math.abs),
      datatype: "FP32",
      parameters: { binary_data_size: inputs[name].byteLength },
    })),
    parameters: { binary_data_output: true },
  }));
  const body = joinBytes([json, ...model.inputs.map(({ name }) => new Uint8Array(inputs[name].buffer))]);
  return {
    name: "tensors in binary",
    path: `/v2/models/${encodeURIComponent(model.name)}/infer`,
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(json.length) },
    body,
  };
}

/** A request to classify an image file. */
export function imageRequest(file: Uint8Array<ArrayBuffer>): LoadRequest {
  return { name: "image to classify", path: "/classify", headers: {}, body: file };
}
