/**
 * Tensors in requests of the Open Inference Protocol.
 *
 * @module
 */

import type { ModelPort, Tensor } from "../../model.ts";
import { HttpError, quote } from "../http_error.ts";
import { type Datatype, DATATYPES, type Elements, findDatatype, toFloat32 } from "./datatype.ts";
import type { TensorReader } from "./tensor_bytes.ts";

/** An input as it stands in the JSON of a request. */
export interface RequestInput {
  /** Name of its datatype. */
  datatype: unknown;
  /** Dimensions. */
  shape: unknown;
  /** Elements, nested or flat; absent where they are binary. */
  data: unknown;
  /** Length of the binary elements in bytes; absent where they are in `data`. */
  binarySize: unknown;
}

/**
 * Checks an input and converts it to float32.
 *
 * @param input The input.
 * @param port Input of the model that it is for.
 * @param tensors Where binary elements come from, if there are any.
 * @param maxSamples Most samples that a free batch may have.
 * @throws {HttpError} 400 if it doesn't suit the model, or its values can't be float32.
 */
export function readTensor(
  input: RequestInput,
  port: ModelPort,
  tensors: TensorReader | undefined,
  maxSamples: number,
): Tensor {
  const where = `Input ${quote(port.name)}`;
  const datatype = findDatatype(input.datatype);
  if (datatype === undefined) {
    throw new HttpError(400, `${where} is FP32 and must have one of the datatypes ${DATATYPES.join(", ")}`);
  }
  const shape = readShape(input.shape, port, where);
  if (port.shape[0] < 0 && shape[0] > maxSamples) {
    throw new HttpError(400, `${where} has ${shape[0]} samples, more than ${maxSamples}`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const elements = input.binarySize === undefined
    ? readList(input.data, shape, count, datatype, where)
    : readBytes(input, count, datatype, tensors, where);
  const data = toFloat32(elements, datatype.name === "BOOL");
  if (!(data instanceof Float32Array)) {
    throw new HttpError(400, `${where} has a ${datatype.name} value at position ${data.position} that ${data.reason}`);
  }
  return { shape, data };
}

function readShape(shape: unknown, port: ModelPort, where: string): number[] {
  if (
    !Array.isArray(shape) || shape.length !== port.shape.length ||
    shape.some((size, axis) =>
      port.shape[axis] < 0 ? !Number.isSafeInteger(size) || size < 1 : size !== port.shape[axis]
    )
  ) {
    throw new HttpError(400, `${where} must have the shape [${port.shape.join(", ")}], -1 for any size`);
  }
  return shape;
}

function readBytes(
  input: RequestInput,
  count: number,
  datatype: Datatype,
  tensors: TensorReader | undefined,
  where: string,
): Elements {
  if (input.data !== undefined) {
    throw new HttpError(400, `${where} must have either data or binary_data_size, not both`);
  }
  if (tensors === undefined) {
    throw new HttpError(400, `${where} has a binary_data_size, but there is no Inference-Header-Content-Length`);
  }
  const expected = count * datatype.bytes;
  if (input.binarySize !== expected) {
    throw new HttpError(400, `${where} must have a binary_data_size of ${expected} for its shape as ${datatype.name}`);
  }
  const bytes = tensors.take(expected, datatype.bytes);
  if (bytes === undefined) {
    throw new HttpError(400, `${where} needs ${expected} bytes of binary data, ${tensors.left()} are left in the body`);
  }
  return datatype.view(bytes);
}

function readList(
  data: unknown,
  shape: readonly number[],
  count: number,
  datatype: Datatype,
  where: string,
): Float64Array {
  if (!Array.isArray(data)) throw new HttpError(400, `${where} must have its data in a list`);
  const flat: unknown[] = Array.isArray(data[0]) ? data.flat(shape.length - 1) : data;
  if (flat.length !== count || (flat !== data && !hasShape(data, shape, 0))) {
    throw new HttpError(400, `${where} has data that do not fill the shape [${shape.join(", ")}]`);
  }
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const value = datatype.parse(flat[index]);
    if (value === undefined) {
      throw new HttpError(400, `${where} has a value at position ${index} that is not ${datatype.name}`);
    }
    values[index] = value;
  }
  return values;
}

/** Whether nested lists have the lengths of a shape, down to its last dimension. */
function hasShape(data: unknown, shape: readonly number[], axis: number): boolean {
  if (axis === shape.length) return !Array.isArray(data);
  return Array.isArray(data) && data.length === shape[axis] && data.every((item) => hasShape(item, shape, axis + 1));
}
