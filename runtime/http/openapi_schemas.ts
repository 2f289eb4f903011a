/**
 * Schemas of requests and responses, for the description in OpenAPI.
 *
 * @module
 */

import { DATATYPES } from "./protocol/datatype.ts";

/** A part of the description: any JSON. */
export type ApiPart = { [name: string]: ApiPart } | ApiPart[] | string | number | boolean;

const TEXT = { type: "string" };
const TEXTS = { type: "array", items: TEXT };
const COUNT = { type: "integer", minimum: 0 };
const SHAPE = { type: "array", items: { type: "integer", minimum: 1 } };

function object(properties: Record<string, ApiPart>, optional: string[] = []): Record<string, ApiPart> {
  return { type: "object", properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

function list(schema: string): ApiPart {
  return { type: "array", items: { $ref: `#/components/schemas/${schema}` } };
}

/** Schemas by name. */
export const schemas: Record<string, ApiPart> = {
  Error: object({ error: { type: "string", description: "What is wrong and what was expected" } }),
  ServerMetadata: object({ name: TEXT, version: TEXT, extensions: TEXTS }),
  Live: object({ live: { const: true } }),
  Ready: object({ ready: { const: true } }),
  NotReady: {
    anyOf: [object({ ready: { const: false } }), { $ref: "#/components/schemas/Error" }],
  },
  ModelList: object({ models: TEXTS }),
  OfferedModels: object({
    models: {
      type: "array",
      items: object({
        name: TEXT,
        version: TEXT,
        download: { type: "boolean", description: "Whether its bundle is given away" },
      }),
      description: "Of each model the newest version first",
    },
  }),
  ModelReady: object({ name: TEXT, ready: { const: true } }),
  ModelMetadata: object({
    name: TEXT,
    versions: TEXTS,
    platform: TEXT,
    inputs: list("TensorMetadata"),
    outputs: list("TensorMetadata"),
  }),
  TensorMetadata: object({
    name: TEXT,
    datatype: { const: "FP32" },
    shape: {
      type: "array",
      items: { type: "integer", minimum: -1 },
      description: "-1 for any number of samples, or a size that is free",
    },
  }),
  InferRequest: object({
    id: { type: "string", description: "Echoed in the response" },
    parameters: object({
      binary_data_output: { type: "boolean", description: "Whether outputs are binary unless they say otherwise" },
    }, ["binary_data_output"]),
    inputs: list("RequestInput"),
    outputs: { ...list("RequestOutput") as Record<string, ApiPart>, description: "All outputs if absent or empty" },
  }, ["id", "parameters", "outputs"]),
  RequestInput: {
    ...object({
      name: TEXT,
      shape: SHAPE,
      datatype: { enum: [...DATATYPES], description: "Of other datatypes than FP32, what FP32 can hold exactly" },
      data: { type: "array", description: "Row-major elements, flat or nested; absent where they are binary" },
      parameters: object({ binary_data_size: { ...COUNT, description: "Bytes of the binary elements" } }, [
        "binary_data_size",
      ]),
    }, ["data", "parameters"]),
  },
  RequestOutput: object({
    name: TEXT,
    parameters: object({
      binary_data: { type: "boolean", description: "Whether the output is binary" },
      classification: { ...COUNT, description: "Number of classes to be named instead of values; 0 for values" },
    }, ["binary_data", "classification"]),
  }, ["parameters"]),
  InferResponse: object({
    model_name: TEXT,
    model_version: TEXT,
    id: TEXT,
    outputs: list("ResponseOutput"),
  }, ["id"]),
  ResponseOutput: object({
    name: TEXT,
    shape: SHAPE,
    datatype: { enum: ["FP32", "BYTES"], description: "BYTES where classes are named" },
    data: { type: "array", items: { type: ["number", "string"] } },
    parameters: object({ binary_data_size: COUNT }),
  }, ["data", "parameters"]),
  Classification: object({
    model: TEXT,
    version: TEXT,
    predictions: list("Prediction"),
    milliseconds: { type: "number", description: "Time to decode the image and classify it" },
  }),
  Prediction: object({
    label: { type: "string", description: "Name of the class, or its index where names are not known" },
    index: COUNT,
    score: {
      type: "number",
      minimum: 0,
      maximum: 1,
      description: "The network's own probability of the class; of independent classes each between 0 and 1",
    },
  }),
};
