/**
 * Datatypes of the Open Inference Protocol and their conversion to float32.
 *
 * A value in JSON is a number that its datatype can hold; FP32 and FP64 take
 * the nearest. Conversion to float32 is exact or it is an error.
 *
 * @module
 */

/** A numeric datatype. */
export interface Datatype {
  /** Name in the protocol. */
  name: string;
  /** Bytes of an element. */
  bytes: number;
  /** The value of an element in JSON as a number; nothing where it is not of the datatype. */
  parse(value: unknown): number | undefined;
  /** Elements from little-endian bytes that begin at a multiple of an element's. */
  view(bytes: Uint8Array<ArrayBuffer>): Elements;
}

/** Elements of a tensor in the datatype in which they came. */
export type Elements = ArrayLike<number> | ArrayLike<bigint>;

/** Why elements cannot be converted. */
export interface ConversionFault {
  /** Position of the first element at fault. */
  position: number;
  /** What is wrong with it, to follow "has a value at position N that". */
  reason: string;
}

const NUMERIC: readonly Datatype[] = [
  {
    name: "BOOL",
    bytes: 1,
    parse: (value) => typeof value === "boolean" ? Number(value) : undefined,
    view: (bytes) => bytes,
  },
  integer("UINT8", 1, 0, 2 ** 8 - 1, (bytes) => bytes),
  integer("UINT16", 2, 0, 2 ** 16 - 1, viewAs(Uint16Array)),
  integer("UINT32", 4, 0, 2 ** 32 - 1, viewAs(Uint32Array)),
  integer("UINT64", 8, 0, Number.MAX_SAFE_INTEGER, viewAs(BigUint64Array)),
  integer("INT8", 1, -(2 ** 7), 2 ** 7 - 1, viewAs(Int8Array)),
  integer("INT16", 2, -(2 ** 15), 2 ** 15 - 1, viewAs(Int16Array)),
  integer("INT32", 4, -(2 ** 31), 2 ** 31 - 1, viewAs(Int32Array)),
  integer("INT64", 8, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, viewAs(BigInt64Array)),
  {
    name: "FP16",
    bytes: 2,
    parse: (value) => typeof value === "number" && isHalf(value) ? value : undefined,
    view: (bytes) => Float32Array.from(viewAs(Uint16Array)(bytes), fromHalf),
  },
  {
    name: "FP32",
    bytes: 4,
    parse: (value) => typeof value === "number" && Number.isFinite(Math.fround(value)) ? Math.fround(value) : undefined,
    view: viewAs(Float32Array),
  },
  {
    name: "FP64",
    bytes: 8,
    parse: (value) => typeof value === "number" && Number.isFinite(value) ? value : undefined,
    view: viewAs(Float64Array),
  },
];

const BY_NAME: ReadonlyMap<unknown, Datatype> = new Map(NUMERIC.map((datatype) => [datatype.name, datatype]));

/** Names of the datatypes whose numbers can be converted to float32. */
export const DATATYPES: readonly string[] = NUMERIC.map(({ name }) => name);

/**
 * Finds a datatype.
 *
 * @param name Name in a request.
 * @returns The datatype; nothing for BYTES and unknown names.
 */
export function findDatatype(name: unknown): Datatype | undefined {
  return BY_NAME.get(name);
}

/**
 * Converts elements to float32.
 *
 * @param elements Elements of any numeric datatype.
 * @param boolean Whether only 0 and 1 are allowed.
 * @returns The same values, or what stands in the way.
 */
export function toFloat32(elements: Elements, boolean = false): Float32Array | ConversionFault {
  if (elements instanceof Float32Array) return checkFinite(elements);
  if (isSmallInteger(elements) && !boolean) return new Float32Array(elements);
  const values = new Float32Array(elements.length);
  for (let position = 0; position < values.length; position++) {
    const element = elements[position];
    const value = values[position] = Number(element);
    if (!Number.isFinite(values[position])) return { position, reason: NOT_FINITE };
    if (boolean && value !== 0 && value !== 1) return { position, reason: "is neither 0 nor 1" };
    if (typeof element === "bigint" ? BigInt(values[position]) !== element : values[position] !== element) {
      return { position, reason: "FP32 cannot hold exactly" };
    }
  }
  return values;
}

const NOT_FINITE = "is not finite as FP32";

function checkFinite(values: Float32Array): Float32Array | ConversionFault {
  if (areFinite(values)) return values;
  return { position: values.findIndex((value) => !Number.isFinite(value)), reason: NOT_FINITE };
}

/** Whether all values are finite; in four sums, none of which waits for another, twice as fast as one by one. */
function areFinite(values: Float32Array): boolean {
  const whole = values.length - values.length % 4;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let position = 0; position < whole; position += 4) {
    a += values[position] * 0;
    b += values[position + 1] * 0;
    c += values[position + 2] * 0;
    d += values[position + 3] * 0;
  }
  for (let position = whole; position < values.length; position++) a += values[position] * 0;
  return a + b + c + d === 0;
}

/** Whether elements have so few bits that float32 holds them all. */
function isSmallInteger(elements: Elements): elements is Uint8Array | Int8Array | Uint16Array | Int16Array {
  return elements instanceof Uint8Array || elements instanceof Int8Array || elements instanceof Uint16Array ||
    elements instanceof Int16Array;
}

/** Makes views of one kind on bytes. */
function viewAs<T>(
  Kind: { new (buffer: ArrayBuffer, byteOffset: number, length: number): T; BYTES_PER_ELEMENT: number },
): (bytes: Uint8Array<ArrayBuffer>) => T {
  return ({ buffer, byteOffset, byteLength }) => new Kind(buffer, byteOffset, byteLength / Kind.BYTES_PER_ELEMENT);
}

function integer(
  name: string,
  bytes: number,
  min: number,
  max: number,
  view: Datatype["view"],
): Datatype {
  return {
    name,
    bytes,
    parse: (value) =>
      Number.isInteger(value) && value as number >= min && value as number <= max ? value as number : undefined,
    view,
  };
}

/** The value of the 16 bits of a half-precision number. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25));
}

/** Whether half precision holds a value: at most 11 bits, none below 2^-24, up to 65504. */
function isHalf(value: number): boolean {
  let units = Math.abs(value) * 2 ** 24;
  if (units > 65504 * 2 ** 24 || !Number.isInteger(units)) return false;
  while (units >= 2048 && units % 2 === 0) units /= 2;
  return units < 2048;
}
