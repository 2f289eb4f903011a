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
  /** Elements from little-endian bytes that begin at a multiple of 8. */
  view(buffer: ArrayBuffer): Elements;
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
    view: (buffer) => new Uint8Array(buffer),
  },
  integer("UINT8", 1, 0, 2 ** 8 - 1, (buffer) => new Uint8Array(buffer)),
  integer("UINT16", 2, 0, 2 ** 16 - 1, (buffer) => new Uint16Array(buffer)),
  integer("UINT32", 4, 0, 2 ** 32 - 1, (buffer) => new Uint32Array(buffer)),
  integer("UINT64", 8, 0, Number.MAX_SAFE_INTEGER, (buffer) => new BigUint64Array(buffer)),
  integer("INT8", 1, -(2 ** 7), 2 ** 7 - 1, (buffer) => new Int8Array(buffer)),
  integer("INT16", 2, -(2 ** 15), 2 ** 15 - 1, (buffer) => new Int16Array(buffer)),
  integer("INT32", 4, -(2 ** 31), 2 ** 31 - 1, (buffer) => new Int32Array(buffer)),
  integer("INT64", 8, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, (buffer) => new BigInt64Array(buffer)),
  {
    name: "FP16",
    bytes: 2,
    parse: (value) => typeof value === "number" && isHalf(value) ? value : undefined,
    view: (buffer) => Float32Array.from(new Uint16Array(buffer), fromHalf),
  },
  {
    name: "FP32",
    bytes: 4,
    parse: (value) => typeof value === "number" && Number.isFinite(Math.fround(value)) ? Math.fround(value) : undefined,
    view: (buffer) => new Float32Array(buffer),
  },
  {
    name: "FP64",
    bytes: 8,
    parse: (value) => typeof value === "number" && Number.isFinite(value) ? value : undefined,
    view: (buffer) => new Float64Array(buffer),
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
  const values = elements instanceof Float32Array ? elements : new Float32Array(elements.length);
  if (values !== elements) {
    for (let index = 0; index < values.length; index++) values[index] = Number(elements[index]);
  }
  for (let position = 0; position < values.length; position++) {
    const value = values[position];
    if (!Number.isFinite(value)) return { position, reason: "is not finite as FP32" };
    if (boolean && value !== 0 && value !== 1) return { position, reason: "is neither 0 nor 1" };
    const element = elements[position];
    if (typeof element === "bigint" ? BigInt(value) !== element : value !== element) {
      return { position, reason: "FP32 cannot hold exactly" };
    }
  }
  return values;
}

function integer(
  name: string,
  bytes: number,
  min: number,
  max: number,
  view: (buffer: ArrayBuffer) => Elements,
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
