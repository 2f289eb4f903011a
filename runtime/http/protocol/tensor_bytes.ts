/**
 * The binary tensor extension: a body of JSON followed by tensors.
 *
 * @module
 */

import { HttpError, quote } from "../http_error.ts";

/** Header that says where the JSON of a body ends. */
export const JSON_LENGTH_HEADER = "inference-header-content-length";

/** A body in its two parts. */
export interface SplitBody {
  /** The JSON; empty where the body is one tensor alone. */
  json: Uint8Array<ArrayBuffer>;
  /** The tensors, nothing where the body is JSON alone. */
  tensors: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Splits the body of a request.
 *
 * @param body The whole body.
 * @param jsonLength Value of the header, if it was sent.
 * @throws {HttpError} 400 if it is not a length within the body.
 */
export function splitBody(body: Uint8Array<ArrayBuffer>, jsonLength: string | undefined): SplitBody {
  if (jsonLength === undefined) return { json: body, tensors: undefined };
  const length = /^\d{1,10}$/.test(jsonLength) ? Number(jsonLength) : NaN;
  if (!(length <= body.length)) {
    throw new HttpError(
      400,
      `Inference-Header-Content-Length must be a length within the body of ${body.length} bytes, ` +
        `not ${quote(jsonLength)}`,
    );
  }
  return { json: body.subarray(0, length), tensors: body.subarray(length) };
}

/** Takes tensors from a body, one after the other. */
export interface TensorReader {
  /**
   * Takes the bytes of the next tensor.
   *
   * @param length Number of bytes.
   * @param elementBytes Bytes of an element.
   * @returns Bytes that begin at a multiple of an element's, those of the body itself where they do already; nothing
   * where fewer are left.
   */
  take(length: number, elementBytes: number): Uint8Array<ArrayBuffer> | undefined;
  /** Number of bytes that are left. */
  left(): number;
}

/**
 * Makes a reader.
 *
 * @param bytes The tensors, in order.
 */
export function createTensorReader(bytes: Uint8Array<ArrayBuffer>): TensorReader {
  let at = 0;
  return {
    take(length, elementBytes) {
      if (length > bytes.length - at) return undefined;
      at += length;
      const taken = bytes.subarray(at - length, at);
      return taken.byteOffset % elementBytes === 0 ? taken : taken.slice();
    },
    left: () => bytes.length - at,
  };
}
