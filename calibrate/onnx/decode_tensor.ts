/**
 * Reads TensorProto messages into tensors.
 *
 * @module
 */

import type { onnx } from "onnx-proto";
import { elementCount } from "../../runtime/tensor.ts";
import { OnnxError, quote, UnsupportedReason } from "./errors.ts";
import { isExternal, readExternal, type ReadExternalData } from "./external_data.ts";
import { USE_FLOAT32, USE_ONE_FILE } from "./remedies.ts";
import { allocate, MAXIMUM_ELEMENTS, MAXIMUM_RANK, type Tensor, type TensorType } from "./tensor.ts";

interface Storage {
  type: TensorType;
  bytes: number;
  read: (view: DataView, offset: number) => number;
}

const STORAGE = new Map<number, Storage>([
  [1, { type: "float32", bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [2, { type: "uint8", bytes: 1, read: (view, at) => view.getUint8(at) }],
  [3, { type: "int8", bytes: 1, read: (view, at) => view.getInt8(at) }],
  [4, { type: "uint16", bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [5, { type: "int16", bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [6, { type: "int32", bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [7, { type: "int64", bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [9, { type: "bool", bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) }],
  [10, { type: "float16", bytes: 2, read: (view, at) => fromFloat16(view.getUint16(at, true)) }],
  [11, { type: "float64", bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  [12, { type: "uint32", bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [13, { type: "uint64", bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
]);

const TYPE_NAMES = new Map<number, string>([
  [8, "string"],
  [14, "complex64"],
  [15, "complex128"],
  [16, "bfloat16"],
  [17, "float8e4m3fn"],
  [18, "float8e4m3fnuz"],
  [19, "float8e5m2"],
  [20, "float8e5m2fnuz"],
  [21, "uint4"],
  [22, "int4"],
  [23, "float4e2m1"],
]);

/** The name of an ONNX element type number, for messages. */
export function elementTypeName(number: number): string {
  return STORAGE.get(number)?.type ?? TYPE_NAMES.get(number) ?? `type ${number}`;
}

/** The type of constants with an ONNX element type number, where there is one. */
export function tensorTypeOf(number: number): TensorType | undefined {
  return STORAGE.get(number)?.type;
}

/** An ONNX integer as a number; throws an OnnxError beyond 2^53. */
export function safeInteger(value: number | { toString(): string }, what: string): number {
  const number = typeof value === "number" ? value : Number(value.toString());
  if (!Number.isSafeInteger(number)) {
    throw new OnnxError(`${what} is ${value}, which is beyond the integers that can be used`);
  }
  return number;
}

/**
 * An ONNX integer as a number, where the largest and smallest of int64 and
 * what is near them stand for "to the end": they become the nearest that has
 * an exact number. Throws an OnnxError between 2^53 and 2^62.
 */
export function clampedInteger(value: number | { toString(): string }, what: string): number {
  const number = Number(value.toString());
  if (Number.isSafeInteger(number)) return number;
  if (!(Math.abs(number) >= 2 ** 62)) return safeInteger(value, what);
  return number < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

/**
 * Reads a tensor.
 *
 * @param proto The message.
 * @param what What the tensor is, for messages, e.g. `Initializer "w"`.
 * @param external Reads data that stand in another file.
 * @returns The tensor with its elements copied.
 * @throws {OnnxError} Where the message contradicts itself.
 * @throws {UnsupportedReason} Where such tensors are not supported; its message goes on after the tensor's name.
 */
export function decodeTensor(proto: onnx.ITensorProto, what: string, external?: ReadExternalData): Tensor {
  if (isExternal(proto) && !external) {
    throw new UnsupportedReason(
      "keeps its data in another file: expected a model with all its data inside, or a way to read that file",
      USE_ONE_FILE,
    );
  }
  const number = proto.dataType ?? 0;
  const storage = STORAGE.get(number);
  if (storage === undefined) {
    throw new UnsupportedReason(
      `has elements of ${elementTypeName(number)}: expected a float, integer or bool type`,
      number >= 16 && number <= 20 ? USE_FLOAT32 : undefined,
    );
  }
  const shape = decodeDimensions(proto.dims ?? [], what);
  const count = elementCount(shape);
  const raw = external && isExternal(proto)
    ? readExternal(proto, { what, length: count * storage.bytes, read: external })
    : proto.rawData;
  const typed = typedData(proto, storage.type);
  if (raw && raw.byteLength > 0) {
    if (typed.length > 0) throw new OnnxError(`${what} holds its elements twice, raw and typed`);
    return { type: storage.type, shape, data: fromRaw(raw, storage, { count, what }) };
  }
  if (typed.length !== count) {
    throw new OnnxError(
      `${what} has ${typed.length} elements: its shape [${shape}] needs ${count}`,
    );
  }
  const data = allocate(storage.type, count);
  for (let i = 0; i < count; i++) data[i] = fromTyped(typed[i], storage.type, what);
  return { type: storage.type, shape, data };
}

function decodeDimensions(dims: readonly (number | { toString(): string })[], what: string): number[] {
  if (dims.length > MAXIMUM_RANK) {
    throw new UnsupportedReason(`has ${dims.length} dimensions: expected at most ${MAXIMUM_RANK}`);
  }
  const shape = dims.map((dim) => safeInteger(dim, `A dimension of ${what}`));
  for (const dimension of shape) {
    if (dimension < 0) throw new OnnxError(`${what} has a negative dimension: [${shape}]`);
  }
  if (elementCount(shape) > MAXIMUM_ELEMENTS) {
    throw new UnsupportedReason(`has shape [${shape}]: expected at most ${MAXIMUM_ELEMENTS} elements`);
  }
  return shape;
}

function fromRaw(
  raw: Uint8Array,
  storage: Storage,
  options: { count: number; what: string },
): Float32Array | Float64Array {
  const { count, what } = options;
  if (raw.byteLength !== count * storage.bytes) {
    throw new OnnxError(
      `${what} holds ${raw.byteLength} bytes: its shape needs ${count * storage.bytes}`,
    );
  }
  if (storage.type === "float32") return copyFloats(raw, count);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = allocate(storage.type, count);
  for (let i = 0; i < count; i++) data[i] = storage.read(view, i * storage.bytes);
  if (storage.type === "int64" || storage.type === "uint64") clampSentinels(data, what);
  return data;
}

/** WebAssembly and every host of Deno are little-endian, as ONNX is. */
function copyFloats(raw: Uint8Array, count: number): Float32Array {
  const data = new Float32Array(count);
  new Uint8Array(data.buffer).set(raw);
  return data;
}

function clampSentinels(data: Float32Array | Float64Array, what: string): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isSafeInteger(data[i])) data[i] = clampedInteger(data[i], `An element of ${what}`);
  }
}

function typedData(
  proto: onnx.ITensorProto,
  type: TensorType,
): readonly (number | { toString(): string })[] {
  switch (type) {
    case "float32":
      return proto.floatData ?? [];
    case "float64":
      return proto.doubleData ?? [];
    case "int64":
      return proto.int64Data ?? [];
    case "uint64":
    case "uint32":
      return proto.uint64Data ?? [];
    default:
      return proto.int32Data ?? [];
  }
}

function fromTyped(
  value: number | { toString(): string },
  type: TensorType,
  what: string,
): number {
  const number = Number(value.toString());
  if (type === "float16") return fromFloat16(number);
  return type === "int64" || type === "uint64" ? clampedInteger(number, `An element of ${what}`) : number;
}

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** What a tensor is called in messages. */
export function initializerLabel(name: string): string {
  return `Initializer ${quote(name)}`;
}
