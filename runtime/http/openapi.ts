/**
 * The description of the server in OpenAPI 3.1.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { MEDIA_TYPES } from "../../image/formats.ts";
import { type ApiPart, schemas } from "./openapi_schemas.ts";

const FAILURES: Readonly<Record<number, string>> = {
  400: "The request doesn't follow the protocol or doesn't suit the model",
  403: "The server doesn't give this bundle away",
  404: "There is no such model, version or file",
  408: "The body came too slowly",
  413: "The body or the image is too large",
  415: "The body is compressed in a way that is not known, or the image is of a format that is not decoded",
  429: "Too many requests wait for the model: come back after the seconds of Retry-After",
  500: "The server failed",
  503: "The model cannot be loaded now, too many bodies are at hand, or the server is shutting down",
};

const TEXT = { schema: { type: "string" } };
const NAME = parameter("name", "path", "Name of the model", { type: "string" });
const VERSION = parameter("version", "path", "Version of the model", { type: "string" });
const JSON_LENGTH = parameter(
  "Inference-Header-Content-Length",
  "header",
  "Length in bytes of the JSON that begins a body with binary tensors; 0 where the body is the one input alone",
  { type: "integer", minimum: 0 },
);
const ENCODING = parameter("Content-Encoding", "header", "How the body is compressed, if it is", {
  enum: ["gzip", "deflate", "identity"],
});

/**
 * Describes all paths of the server.
 *
 * @returns An OpenAPI 3.1 document.
 */
export function describeApi(): ApiPart {
  return {
    openapi: "3.1.1",
    info: {
      title: "Octet inference server",
      version: manifest.version,
      description: "8-bit networks over the Open Inference Protocol (version 2) and for images",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "inference", description: "Run a model" },
      { name: "models", description: "What is served" },
      { name: "server", description: "How the server is doing" },
      { name: "page", description: "What the page at / is made of" },
    ],
    paths: {
      "/": {
        get: operation("page", "server", "A page to try the models in a browser, for others a help text", {
          200: { description: "The page or the text", content: { "text/html": TEXT, "text/plain": TEXT } },
        }),
      },
      "/octet/models.json": {
        get: operation("offeredModels", "page", "What the page offers", { 200: json("The models", "OfferedModels") }),
      },
      "/octet/{file}": {
        parameters: [
          parameter("file", "path", "octet.js is the runtime as a module for browsers", { type: "string" }),
        ],
        get: operation("pageFile", "page", "A part of the page, or the runtime for browsers", {
          200: {
            description: "The file",
            content: { "text/javascript": TEXT, "text/css": TEXT, "application/wasm": {} },
          },
          ...failures(404),
        }),
      },
      "/classify": { post: classifyOperation() },
      "/v2": {
        get: operation("serverMetadata", "server", "Name, version and extensions of the server", {
          200: json("The metadata", "ServerMetadata"),
        }),
      },
      "/v2/health/live": {
        get: operation("live", "server", "Whether the server runs", { 200: json("It does", "Live") }),
      },
      "/v2/health/ready": {
        get: operation("ready", "server", "Whether the server can answer for any model", {
          200: json("It can", "Ready"),
          503: json("No model is served, all have failed to load, or the server is shutting down", "NotReady"),
        }),
      },
      "/v2/models": {
        get: operation("models", "models", "Names of all models", { 200: json("The names", "ModelList") }),
      },
      ...modelPaths("/v2/models/{name}", "", [NAME]),
      ...modelPaths("/v2/models/{name}/versions/{version}", "OfVersion", [NAME, VERSION]),
      "/metrics": {
        get: operation("metrics", "server", "Metrics in Prometheus' text format", {
          200: text("The metrics", "text/plain"),
        }),
      },
      "/openapi.json": {
        get: operation("description", "server", "This description", {
          200: { description: "The description", content: { "application/json": { schema: { type: "object" } } } },
        }),
      },
    },
    components: { schemas },
  };
}

function classifyOperation(): ApiPart {
  const image = { schema: { type: "string", contentMediaType: "application/octet-stream" } };
  return {
    ...operation("classify", "inference", "Classes of an image, the likeliest first", {
      200: json("The classes", "Classification"),
      ...failures(400, 404, 408, 413, 415, 429, 500, 503),
    }),
    parameters: [
      parameter("top", "query", "Number of classes", { type: "integer", minimum: 1, maximum: 999999, default: 5 }),
      parameter("model", "query", "Name of the model; needed where several are served", { type: "string" }),
      parameter("version", "query", "Version of the model; the newest if absent", { type: "string" }),
      ENCODING,
    ],
    requestBody: {
      required: true,
      description: "The file itself, of whatever type is declared, or a form with the file as its only file",
      content: {
        ...Object.fromEntries(MEDIA_TYPES.map((type) => [type, image])),
        "multipart/form-data": {
          schema: {
            type: "object",
            minProperties: 1,
            additionalProperties: { type: "string", contentMediaType: "application/octet-stream" },
          },
        },
      },
    },
  };
}

function modelPaths(path: string, suffix: string, parameters: ApiPart[]): Record<string, ApiPart> {
  return {
    [path]: {
      parameters,
      get: operation(`modelMetadata${suffix}`, "models", "Inputs, outputs and versions of a model", {
        200: json("The metadata", "ModelMetadata"),
        ...failures(404, 503),
      }),
    },
    [`${path}/ready`]: {
      parameters,
      get: operation(`modelReady${suffix}`, "models", "Whether a model is ready; loads it if it isn't yet", {
        200: json("It is", "ModelReady"),
        ...failures(404, 503),
      }),
    },
    [`${path}/bundle`]: {
      parameters,
      get: operation(`modelBundle${suffix}`, "models", "The bundle of a model, to be run by the client", {
        200: { description: "The file", content: { "application/octet-stream": {} } },
        ...failures(403, 404, 503),
      }),
    },
    [`${path}/infer`]: {
      parameters,
      post: {
        ...operation(`infer${suffix}`, "inference", "Outputs of a model for given inputs", {
          200: {
            description: "The outputs; binary where that is asked for",
            headers: {
              "Inference-Header-Content-Length": {
                description: "Length in bytes of the JSON that begins a body with binary tensors",
                schema: { type: "integer" },
              },
            },
            content: {
              "application/json": { schema: reference("InferResponse") },
              "application/octet-stream": {},
            },
          },
          ...failures(400, 404, 408, 413, 415, 429, 500, 503),
        }),
        parameters: [JSON_LENGTH, ENCODING],
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: reference("InferRequest") },
            "application/octet-stream": {},
          },
        },
      },
    },
  };
}

function operation(id: string, tag: string, summary: string, responses: ApiPart): Record<string, ApiPart> {
  return { operationId: id, tags: [tag], summary, responses };
}

function parameter(name: string, place: string, description: string, schema: ApiPart): ApiPart {
  return { name, in: place, required: place === "path", description, schema };
}

function json(description: string, schema: string): ApiPart {
  return { description, content: { "application/json": { schema: reference(schema) } } };
}

function text(description: string, type: string): ApiPart {
  return { description, content: { [type]: TEXT } };
}

function failures(...statuses: number[]): Record<string, ApiPart> {
  return Object.fromEntries(statuses.map((status) => [String(status), json(FAILURES[status], "Error")]));
}

function reference(schema: string): ApiPart {
  return { $ref: `#/components/schemas/${schema}` };
}
