/**
 * Requests of the Open Inference Protocol in JSON.
 *
 * @module
 */

import type { ModelPort, Tensor } from "../model.ts";
import { datatypeCheck, DATATYPES } from "./datatype.ts";
import { HttpError, quote } from "./http_error.ts";
import type { ServedModel } from "./served_model.ts";

/** A request that suits its model. */
export interface InferRequest {
  /** To be echoed. */
  id?: string;
  /** A tensor for each input of the model. */
  inputs: Record<string, Tensor>;
  /** Names of the outputs that are wanted, in this order. */
  outputs: string[];
}

/**
 * Checks a request and converts its tensors.
 *
 * @param value Parsed JSON.
 * @param model The model that it is for.
 * @returns The request.
 * @throws {HttpError} 400 if anything doesn't follow the protocol or doesn't suit the model.
 */
export function parseInferRequest(value: unknown, model: ServedModel): InferRequest {
  const request = record(value, "The request");
  const { id, inputs, outputs } = request;
  if (id !== undefined && typeof id !== "string") throw new HttpError(400, "The id must be a string");
  const tensors = new Map<string, Tensor>();
  for (const item of list(inputs, "inputs")) {
    const input = record(item, "An input");
    const port = findPort(input.name, model.inputs, "input");
    if (tensors.has(port.name)) throw new HttpError(400, `Input ${quote(port.name)} is given twice`);
    tensors.set(port.name, readTensor(input, port));
  }
  for (const { name } of model.inputs) {
    if (!tensors.has(name)) throw new HttpError(400, `Input ${quote(name)} is missing`);
  }
  return {
    ...(id !== undefined && { id }),
    inputs: Object.fromEntries(tensors),
    outputs: readOutputs(outputs, model),
  };
}

function readOutputs(value: unknown, model: ServedModel): string[] {
  const names = (value === undefined ? [] : list(value, "outputs")).map((item) =>
    findPort(record(item, "An output").name, model.outputs, "output").name
  );
  if (new Set(names).size !== names.length) throw new HttpError(400, "An output is asked for twice");
  return names.length > 0 ? names : model.outputs.map(({ name }) => name);
}

function readTensor(input: Record<string, unknown>, port: ModelPort): Tensor {
  const where = `Input ${quote(port.name)}`;
  const isNumber = datatypeCheck(input.datatype);
  if (isNumber === undefined) {
    throw new HttpError(400, `${where} must have one of the datatypes ${DATATYPES.join(", ")}`);
  }
  const { shape } = input;
  if (
    !Array.isArray(shape) || shape.length !== port.shape.length ||
    shape.some((size, axis) => port.shape[axis] < 0 ? !Number.isInteger(size) || size < 1 : size !== port.shape[axis])
  ) {
    throw new HttpError(400, `${where} must have the shape [${port.shape.join(", ")}], -1 for any size`);
  }
  const { data } = input;
  if (!Array.isArray(data)) throw new HttpError(400, `${where} must have its data in a list`);
  const count = shape.reduce((product, size) => product * size, 1);
  const flat = Array.isArray(data[0]) ? data.flat(shape.length - 1) : data;
  if (flat.length !== count || (flat !== data && !hasShape(data, shape, 0))) {
    throw new HttpError(400, `${where} has data that do not fill the shape [${shape.join(", ")}]`);
  }
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const item: unknown = flat[index];
    if (!isNumber(item)) {
      throw new HttpError(400, `${where} has a value at position ${index} that is not ${input.datatype}`);
    }
    values[index] = item;
  }
  return { shape, data: values };
}

/** Whether nested lists have the lengths of a shape, down to its last dimension. */
function hasShape(data: unknown, shape: readonly number[], axis: number): boolean {
  if (axis === shape.length) return !Array.isArray(data);
  return Array.isArray(data) && data.length === shape[axis] && data.every((item) => hasShape(item, shape, axis + 1));
}

function findPort(name: unknown, ports: readonly ModelPort[], kind: string): ModelPort {
  if (typeof name !== "string") throw new HttpError(400, `An ${kind} must have a name`);
  const port = ports.find((candidate) => candidate.name === name);
  if (port === undefined) {
    throw new HttpError(
      400,
      `Unknown ${kind} ${quote(name)}, expected ${ports.map((candidate) => quote(candidate.name)).join(" or ")}`,
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
