/**
 * Requests of the Open Inference Protocol, in JSON and with binary tensors.
 *
 * @module
 */

import type { ModelPort, Tensor } from "../../model.ts";
import { HttpError, quote, quoteAll } from "../http_error.ts";
import type { ServedModel } from "../models/served_model.ts";
import { parseJson } from "./parse_json.ts";
import { readTensor } from "./read_tensor.ts";
import { createTensorReader, splitBody, type TensorReader } from "./tensor_bytes.ts";

/** A request that suits its model. */
export interface InferRequest {
  /** To be echoed. */
  id?: string;
  /** A tensor for each input of the model. */
  inputs: Record<string, Tensor>;
  /** The outputs that are wanted, in this order. */
  outputs: RequestedOutput[];
}

/** An output that is wanted. */
export interface RequestedOutput {
  /** Its name. */
  name: string;
  /** Whether it is to be binary rather than JSON. */
  binary: boolean;
  /** Number of classes to be named instead of the tensor's values. */
  classes?: number;
}

/** Parameters that ask for what is not served, and whose neglect would change the answer. */
const REFUSED = /^shared_memory_|^sequence_/;

/**
 * Checks a request and converts its tensors.
 *
 * @param body The whole body.
 * @param jsonLength Value of the header `Inference-Header-Content-Length`, if it was sent.
 * @param model The model that it is for.
 * @param maxSamples Most samples that a free batch may have.
 * @throws {HttpError} 400 if anything doesn't follow the protocol or doesn't suit the model.
 */
export function parseInferRequest(
  body: Uint8Array<ArrayBuffer>,
  jsonLength: string | undefined,
  model: ServedModel,
  maxSamples: number,
): InferRequest {
  const { json, tensors } = splitBody(body, jsonLength);
  if (tensors !== undefined && json.length === 0) return soleTensor(tensors, model, maxSamples);
  const request = record(parseJson(json), "The request");
  const { id } = request;
  if (id !== undefined && typeof id !== "string") throw new HttpError(400, "The id must be a string");
  const parameters = readParameters(request.parameters, "The request");
  const binary = flag(parameters, "binary_data_output", "The request") ?? false;
  const outputs = readOutputs(request.outputs, model, binary);
  const reader = tensors && createTensorReader(tensors);
  const inputs = readInputs(request.inputs, model, reader, maxSamples);
  const left = reader?.left() ?? 0;
  if (left > 0) throw new HttpError(400, `The body has ${left} bytes that belong to no input`);
  return { ...(id !== undefined && { id }), inputs, outputs };
}

/** A body that is nothing but the one input of one sample. */
function soleTensor(bytes: Uint8Array<ArrayBuffer>, model: ServedModel, maxSamples: number): InferRequest {
  if (model.inputs.length !== 1) {
    throw new HttpError(400, `A body without JSON needs a model of one input, not ${model.inputs.length}`);
  }
  const [port] = model.inputs;
  if (port.shape.some((size, axis) => size < 0 && axis > 0)) {
    throw new HttpError(400, `A body without JSON has no shape, and sizes of input ${quote(port.name)} are free`);
  }
  const shape = port.shape.map((size) => size < 0 ? 1 : size);
  const input = { datatype: "FP32", shape, data: undefined, binarySize: bytes.length };
  const tensor = readTensor(input, port, createTensorReader(bytes), maxSamples);
  return { inputs: { [port.name]: tensor }, outputs: model.outputs.map(({ name }) => ({ name, binary: true })) };
}

function readInputs(
  value: unknown,
  model: ServedModel,
  reader: TensorReader | undefined,
  maxSamples: number,
): Record<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const item of list(value, "inputs")) {
    const input = record(item, "An input");
    const port = findPort(input.name, model.inputs, "input");
    if (tensors.has(port.name)) throw new HttpError(400, `Input ${quote(port.name)} is given twice`);
    const parameters = readParameters(input.parameters, `Input ${quote(port.name)}`);
    const { datatype, shape, data } = input;
    const parts = { datatype, shape, data, binarySize: parameters.binary_data_size };
    tensors.set(port.name, readTensor(parts, port, reader, maxSamples));
  }
  for (const { name } of model.inputs) {
    if (!tensors.has(name)) throw new HttpError(400, `Input ${quote(name)} is missing`);
  }
  const batches = model.inputs.filter(({ shape }) => shape[0] < 0).map(({ name }) => tensors.get(name)!.shape[0]);
  if (new Set(batches).size > 1) throw new HttpError(400, "Inputs have different batch sizes");
  return Object.fromEntries(tensors);
}

function readOutputs(value: unknown, model: ServedModel, binary: boolean): RequestedOutput[] {
  const outputs = (value === undefined ? [] : list(value, "outputs")).map((item) => {
    const output = record(item, "An output");
    const { name } = findPort(output.name, model.outputs, "output");
    const where = `Output ${quote(name)}`;
    const parameters = readParameters(output.parameters, where);
    const classes = readClasses(parameters.classification, where);
    return { name, binary: flag(parameters, "binary_data", where) ?? binary, ...(classes && { classes }) };
  });
  if (new Set(outputs.map(({ name }) => name)).size !== outputs.length) {
    throw new HttpError(400, "An output is asked for twice");
  }
  return outputs.length > 0 ? outputs : model.outputs.map(({ name }) => ({ name, binary }));
}

/** Number of classes; 0 and absent mean none, as clients send it. */
function readClasses(value: unknown, where: string): number {
  if (value === undefined) return 0;
  if (!Number.isSafeInteger(value) || value as number < 0) {
    throw new HttpError(400, `${where} must have a whole number of classes as its parameter classification`);
  }
  return value as number;
}

function readParameters(value: unknown, where: string): Record<string, unknown> {
  if (value === undefined) return {};
  const parameters = record(value, `${where}'s parameters`);
  const refused = Object.keys(parameters).find((name) => REFUSED.test(name));
  if (refused !== undefined) {
    throw new HttpError(400, `${where} has the parameter ${quote(refused)}, which is not served`);
  }
  return parameters;
}

function flag(parameters: Record<string, unknown>, name: string, where: string): boolean | undefined {
  const value = parameters[name];
  if (value !== undefined && typeof value !== "boolean") {
    throw new HttpError(400, `${where} must have true or false as its parameter ${name}`);
  }
  return value;
}

function findPort(name: unknown, ports: readonly ModelPort[], kind: string): ModelPort {
  if (typeof name !== "string") throw new HttpError(400, `An ${kind} must have a name`);
  const port = ports.find((candidate) => candidate.name === name);
  if (port === undefined) {
    throw new HttpError(
      400,
      `Unknown ${kind} ${quote(name)}, expected ${quoteAll(ports.map((candidate) => candidate.name))}`,
    );
  }
  return port;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpError(400, `${what} must be a JSON object`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new HttpError(400, `The request must have a list of ${what}`);
  return value;
}
