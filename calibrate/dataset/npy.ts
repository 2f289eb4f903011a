/**
 * NumPy's `.npy` files, versions 1 to 3, of little-endian numbers in C order.
 *
 * @module
 */

import { FormatError, InputError } from "../../runtime/errors.ts";

/** Element types that can be read. */
export type NpyType =
  | "uint8"
  | "int8"
  | "int32"
  | "int64"
  | "float32"
  | "float64";

/** Elements of an array. */
export type NpyData =
  | Uint8Array
  | Int8Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** What the head of a file says. */
export interface NpyHeader {
  /** Element type. */
  type: NpyType;
  /** Dimensions, outermost first; empty for a single number. */
  shape: number[];
  /** Bytes of one element. */
  elementBytes: number;
  /** Bytes before the first element. */
  dataOffset: number;
  /** Bytes of a whole file. */
  fileBytes: number;
}

/** An array that has been read. */
export interface NpyArray {
  /** Element type. */
  type: NpyType;
  /** Dimensions, outermost first. */
  shape: number[];
  /** Elements, row-major. */
  data: NpyData;
}

/** Bytes at the start of a file that always hold the whole head of an acceptable one. */
export const LARGEST_HEADER = 65536;

const TYPES: Record<string, { type: NpyType; elementBytes: number }> = {
  "|u1": { type: "uint8", elementBytes: 1 },
  "|i1": { type: "int8", elementBytes: 1 },
  "<i4": { type: "int32", elementBytes: 4 },
  "<i8": { type: "int64", elementBytes: 8 },
  "<f4": { type: "float32", elementBytes: 4 },
  "<f8": { type: "float64", elementBytes: 8 },
};

/**
 * Reads a whole file.
 *
 * @param bytes The file.
 * @param where Its name, for messages.
 * @returns The array; its data are a copy.
 * @throws {SyntaxError} If it is no such file, truncated, or has bytes left over.
 * @throws {TypeError} If its elements are of another type, big-endian or in Fortran order.
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const header = readNpyHeader(bytes, where);
  checkFileBytes(header, bytes.length, where);
  const { type, shape, dataOffset } = header;
  return { type, shape, data: elements(type, bytes.slice(dataOffset)) };
}

/**
 * Reads the head of a file.
 *
 * @param bytes The file's first `LARGEST_HEADER` bytes, or all of a shorter one.
 * @param where Its name, for messages.
 * @returns What the head says.
 * @throws {SyntaxError} If it is no such file, or truncated within its head.
 * @throws {TypeError} If its elements are of another type, big-endian or in Fortran order.
 */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw new FormatError(`${where} is not a .npy file`);
  }
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw new FormatError(
      `${where} has .npy version ${version}, expected 1 to 3`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) {
    throw new FormatError(`${where} is truncated in its header`);
  }
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = start + length;
  if (dataOffset > LARGEST_HEADER) {
    throw new FormatError(
      `${where} has a header of ${length} bytes, more than ${LARGEST_HEADER - start}`,
    );
  }
  if (bytes.length < dataOffset) {
    throw new FormatError(`${where} is truncated in its header`);
  }
  const fields = parseFields(
    new TextDecoder("latin1").decode(bytes.subarray(start, dataOffset)),
    where,
  );

  const description = fields.get("descr")!.slice(1, -1);
  if (description.startsWith(">")) {
    throw new InputError(
      `${where} holds big-endian numbers, expected little-endian`,
    );
  }
  const found = Object.hasOwn(TYPES, description) ? TYPES[description] : undefined;
  if (found === undefined) {
    throw new InputError(
      `${where} holds elements of type ${JSON.stringify(description)}, expected ${
        Object.values(TYPES).map(({ type }) => type).join(", ")
      }`,
    );
  }
  if (fields.get("fortran_order") === "True") {
    throw new InputError(`${where} is in Fortran order, expected C order`);
  }
  const shape = parseShape(fields.get("shape")!, where);
  const fileBytes = shape.reduce((product, size) => product * size, found.elementBytes) +
    dataOffset;
  if (fileBytes > Number.MAX_SAFE_INTEGER) {
    throw new FormatError(
      `${where} has a shape of too many elements: ${shape.join("x")}`,
    );
  }
  return { ...found, shape, dataOffset, fileBytes };
}

/**
 * Checks that a file is as long as its head says.
 *
 * @param header The file's head.
 * @param fileBytes The file's length.
 * @param where Its name, for messages.
 * @throws {SyntaxError} If it is shorter or longer.
 */
export function checkFileBytes(
  header: NpyHeader,
  fileBytes: number,
  where: string,
): void {
  if (fileBytes < header.fileBytes) {
    throw new FormatError(
      `${where} is truncated: ${fileBytes} bytes of ${header.fileBytes}`,
    );
  }
  if (fileBytes > header.fileBytes) {
    throw new FormatError(
      `${where} has ${fileBytes - header.fileBytes} bytes after its data`,
    );
  }
}

/**
 * Sees bytes as elements.
 *
 * @param type Element type.
 * @param bytes Little-endian bytes at the start of a buffer of their own.
 * @returns A view of the same bytes.
 */
export function elements(
  type: NpyType,
  bytes: Uint8Array<ArrayBuffer>,
): NpyData {
  switch (type) {
    case "uint8":
      return bytes;
    case "int8":
      return new Int8Array(bytes.buffer);
    case "int32":
      return new Int32Array(bytes.buffer);
    case "int64":
      return new BigInt64Array(bytes.buffer);
    case "float32":
      return new Float32Array(bytes.buffer);
    case "float64":
      return new Float64Array(bytes.buffer);
  }
}

/** The three entries of the Python dictionary in a head, as their source text. */
function parseFields(text: string, where: string): Map<string, string> {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text);
  const entry = /\s*'(descr|fortran_order|shape)'\s*:\s*('[^'\\]*'|\[.*\]|True|False|\([\d,\s]*\))\s*(?:,\s*|$)/y;
  const fields = new Map<string, string>();
  while (body !== null && entry.lastIndex < body[1].length) {
    const match = entry.exec(body[1]);
    if (match === null || fields.has(match[1])) break;
    fields.set(match[1], match[2]);
    if (entry.lastIndex === body[1].length && fields.size === 3) {
      if (fields.get("descr")!.startsWith("[")) {
        throw new InputError(`${where} holds records, expected numbers`);
      }
      const order = fields.get("fortran_order")!;
      if (
        /^'/.test(fields.get("descr")!) && /^(True|False)$/.test(order) &&
        fields.get("shape")![0] === "("
      ) {
        return fields;
      }
    }
  }
  throw new FormatError(`${where} has a header that is no .npy description`);
}

function parseShape(text: string, where: string): number[] {
  const inside = text.slice(1, -1).trim();
  if (inside === "") return [];
  const parts = inside.replace(/,$/, "").split(",").map((part) => part.trim());
  const sizes = parts.map(Number);
  if (
    parts.length > 32 || parts.some((part) => !/^\d{1,15}$/.test(part)) ||
    (parts.length === 1 && !inside.endsWith(","))
  ) {
    throw new FormatError(`${where} has a malformed shape ${text}`);
  }
  return sizes;
}
