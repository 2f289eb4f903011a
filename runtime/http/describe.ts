/**
 * What a server says of itself and its models.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { listFormats } from "../../image/formats.ts";
import type { ModelPort } from "../model.ts";
import type { LoadedModel } from "./models/model_registry.ts";
import { pageResponse } from "./response.ts";

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
  /** Versions that may be asked for, the oldest first. */
  versions: string[];
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
  return { name: "octet", version: manifest.version, extensions: ["binary_tensor_data", "classification"] };
}

/**
 * Describes a model.
 *
 * @param found The model.
 * @param versions All its versions.
 * @returns Its metadata.
 */
export function describeModel({ name, model }: LoadedModel, versions: string[]): ModelMetadata {
  return {
    name,
    versions,
    platform: "octet",
    inputs: model.inputs.map(describePort),
    outputs: model.outputs.map(describePort),
  };
}

/**
 * Makes the response that explains the server to a person.
 *
 * @param names Names of the models that are served.
 * @returns A short plain text.
 */
export function help(names: readonly string[]): Response {
  const text = `Octet inference server

Models: ${names.join(", ") || "none"}

POST /classify                    a ${listFormats("or")} file; ?top=5 classes, ?model=NAME
POST /v2/models/NAME/infer        tensors, by the Open Inference Protocol
GET  /v2/models/NAME              inputs, outputs and versions
GET  /v2/models/NAME/ready
GET  /v2/models
GET  /v2/health/live
GET  /v2/health/ready
GET  /v2
GET  /metrics                     for Prometheus
GET  /openapi.json                all of this for programs

curl --data-binary @image.jpg http://HOST/classify
`;
  return pageResponse(text, "text/plain; charset=utf-8");
}

function describePort({ name, shape }: ModelPort): TensorMetadata {
  return { name, datatype: "FP32", shape };
}
