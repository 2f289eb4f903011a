/**
 * Datatypes of the Open Inference Protocol and the numbers that they hold.
 *
 * @module
 */

/** Range of a datatype. */
interface Range {
  min: number;
  max: number;
  integer: boolean;
}

/** Largest finite value of binary16 and of binary32. */
const LARGEST_FP16 = 65504;
const LARGEST_FP32 = (2 - 2 ** -23) * 2 ** 127;

const RANGES: ReadonlyMap<string, Range> = new Map([
  ["UINT8", integers(0, 2 ** 8 - 1)],
  ["UINT16", integers(0, 2 ** 16 - 1)],
  ["UINT32", integers(0, 2 ** 32 - 1)],
  ["UINT64", integers(0, Number.MAX_SAFE_INTEGER)],
  ["INT8", integers(-(2 ** 7), 2 ** 7 - 1)],
  ["INT16", integers(-(2 ** 15), 2 ** 15 - 1)],
  ["INT32", integers(-(2 ** 31), 2 ** 31 - 1)],
  ["INT64", integers(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
  ["FP16", { min: -LARGEST_FP16, max: LARGEST_FP16, integer: false }],
  ["FP32", { min: -LARGEST_FP32, max: LARGEST_FP32, integer: false }],
  ["FP64", { min: -LARGEST_FP32, max: LARGEST_FP32, integer: false }],
]);

/** Names of the datatypes whose numbers can be converted to float32. */
export const DATATYPES: readonly string[] = [...RANGES.keys()];

/**
 * Makes the check for the numbers of a datatype.
 *
 * @param datatype Name such as "FP32".
 * @returns Tells whether a value is a number of that datatype, finite as a float32; nothing for other names.
 */
export function datatypeCheck(datatype: unknown): ((value: unknown) => value is number) | undefined {
  const range = RANGES.get(datatype as string);
  if (range === undefined) return undefined;
  const { min, max, integer } = range;
  return (value): value is number =>
    typeof value === "number" && value >= min && value <= max && (!integer || Number.isInteger(value));
}

function integers(min: number, max: number): Range {
  return { min, max, integer: true };
}
