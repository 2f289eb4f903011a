/**
 * Data of tensors that stand in other files than the model.
 *
 * @see https://onnx.ai/onnx/repo-docs/ExternalData.html
 *
 * @module
 */

import type { onnx } from "onnx-proto";
import { OnnxError, quote } from "./errors.ts";

/**
 * Reads a part of a file that stands beside a model.
 *
 * @param location Its path below the model's folder; it does not leave it.
 * @param offset Where the part begins, in bytes.
 * @param length Its bytes.
 */
export type ReadExternalData = (location: string, offset: number, length: number) => Uint8Array;

/** Whether a tensor's data stand in another file. */
export function isExternal({ dataLocation, externalData }: onnx.ITensorProto): boolean {
  return dataLocation === 1 || (externalData?.length ?? 0) > 0;
}

/**
 * Reads the data of a tensor from another file.
 *
 * @param what What the tensor is, for messages.
 * @param length Bytes that its shape and type need.
 * @throws {OnnxError} Where the model does not say where they are, names a path that leaves its folder, or has another length.
 */
export function readExternal(
  { externalData }: onnx.ITensorProto,
  { what, length, read }: { what: string; length: number; read: ReadExternalData },
): Uint8Array {
  const entries = new Map((externalData ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = entries.get("location") ?? "";
  if (location === "") throw new OnnxError(`${what} does not say which file holds its data`);
  if (leavesFolder(location)) {
    throw new OnnxError(`${what} has its data in ${quote(location)}, which is outside the model's folder`);
  }
  const numberOf = (key: string, otherwise: number) => {
    const text = entries.get(key);
    if (text === undefined) return otherwise;
    if (!/^\d{1,15}$/.test(text)) throw new OnnxError(`${what} has ${quote(text)} as the ${key} of its data`);
    return Number(text);
  };
  const [offset, given] = [numberOf("offset", 0), numberOf("length", length)];
  if (given !== length) {
    throw new OnnxError(`${what} has ${given} bytes in ${quote(location)}: its shape needs ${length}`);
  }
  return read(location, offset, length);
}

/** Whether a path is absolute or has steps upwards, in the way of any system. */
function leavesFolder(location: string): boolean {
  const parts = location.split(/[/\\]/);
  return parts[0] === "" || /^[A-Za-z]:/.test(location) || parts.includes("..") || location.includes("\0");
}
