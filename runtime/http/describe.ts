/**
 * What a server says of itself and its models.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import type { ModelPort } from "../model.ts";
import type { ServedModel, ServedModels } from "./served_model.ts";

/** A tensor in the metadata of a model. */
export interface TensorMetadata {
  name: string;
  /** Always "FP32". */
  datatype: string;
  /** Dimensions, -1 for a free one. */
  shape: number[];
}

/** Metadata of a model in the Open Inference Protocol. */
export interface ModelMetadata {
  name: string;
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

/** Metadata of a server in the Open Inference Protocol. */
export interface ServerMetadata {
  name: string;
  version: string;
  /** Extensions of the protocol that are known. */
  extensions: string[];
}

/**
 * Describes the server.
 *
 * @returns Its metadata.
 */
export function describeServer(): ServerMetadata {
  return { name: "octet", version: manifest.version, extensions: [] };
}

/**
 * Describes a model.
 *
 * @param name Name under which it is served.
 * @param model The model.
 * @returns Its metadata.
 */
export function describeModel(name: string, model: ServedModel): ModelMetadata {
  return { name, platform: "octet", inputs: model.inputs.map(describePort), outputs: model.outputs.map(describePort) };
}

/**
 * Makes the response that explains the server to a person.
 *
 * @param models Models that are served.
 * @returns A short plain text.
 */
export function help(models: ServedModels): Response {
  const text = `Octet inference server

Models: ${[...models.keys()].join(", ") || "none"}

POST /classify                    a JPEG or PNG file; ?top=5 classes, ?model=NAME
POST /v2/models/NAME/infer        tensors in JSON, by the Open Inference Protocol
GET  /v2/models/NAME              inputs and outputs
GET  /v2/models/NAME/ready
GET  /v2/health/live
GET  /v2/health/ready
GET  /v2

curl --data-binary @image.jpg http://HOST/classify
`;
  return new Response(text, {
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

function describePort({ name, shape }: ModelPort): TensorMetadata {
  return { name, datatype: "FP32", shape };
}
