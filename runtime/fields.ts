/**
 * Checked access to the fields of untrusted header objects.
 *
 * @module
 */

import { BundleError } from "./errors.ts";
import { elementCount } from "./tensor.ts";

/** Most UTF-16 code units of a string. */
export const MAX_STRING_LENGTH = 4096;

/** An object of unknown content. */
export type Fields = Record<string, unknown>;

/** Returns `value` as an object with named fields, or throws a {@linkcode BundleError} that names `where`. */
export function asFields(value: unknown, where: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BundleError(`${where} must be an object`);
  }
  return value as Fields;
}

/** Returns `value` as an array of at most `limit` entries. */
export function asArray(value: unknown, where: string, limit: number): unknown[] {
  if (!Array.isArray(value)) throw new BundleError(`${where} must be an array`);
  if (value.length > limit) throw new BundleError(`${where} has ${value.length} entries, at most ${limit} are allowed`);
  return value;
}

/** Returns `value` as a string of at most 4,096 characters. */
export function asString(value: unknown, where: string): string {
  if (typeof value !== "string" || value.length > MAX_STRING_LENGTH) {
    throw new BundleError(`${where} must be a string of at most ${MAX_STRING_LENGTH} characters`);
  }
  return value;
}

/** Whether `value` is an integer from `min` to `max`. */
export function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** Returns `value` as an integer from `min` to `max`. */
export function asInteger(value: unknown, where: string, min: number, max: number): number {
  if (!isInteger(value, min, max)) throw new BundleError(`${where} must be an integer from ${min} to ${max}`);
  return value;
}

/** Returns `value` as a finite number rounded to float32. */
export function asFloat(value: unknown, where: string): number {
  const rounded = typeof value === "number" ? Math.fround(value) : NaN;
  if (!Number.isFinite(rounded)) throw new BundleError(`${where} must be a finite float32 number`);
  return rounded;
}

/** Returns `value` as a list of at most `limit` finite numbers rounded to float32. */
export function asFloats(value: unknown, where: string, limit: number): number[] {
  const list = asArray(value, where, limit);
  if (areFloats(list, list.length)) return list;
  return list.map((entry, index) => asFloat(entry, `${where}[${index}]`));
}

/** Whether `value` is a finite float32 number already. */
export function isFloat(value: unknown): value is number {
  return Number.isFinite(value) && Math.fround(value as number) === value;
}

/** Whether `value` is a list of `length` finite float32 numbers already. */
export function areFloats(value: unknown, length: number): value is number[] {
  if (!Array.isArray(value) || value.length !== length) return false;
  for (let index = 0; index < length; index++) if (!isFloat(value[index])) return false;
  return true;
}

/** Whether `value` is a list of integers from `min` to `max`, of `length` entries where it is given. */
export function areIntegers(value: unknown, min: number, max: number, length?: number): value is number[] {
  if (!Array.isArray(value) || value.length > 65536 || (length !== undefined && value.length !== length)) return false;
  for (let index = 0; index < value.length; index++) {
    const entry = value[index];
    if (!Number.isInteger(entry) || entry < min || entry > max) return false;
  }
  return true;
}

/** Returns `value` as a list of integers from `min` to `max`, of `length` entries where it is given. */
export function asIntegers(value: unknown, where: string, min: number, max: number, length?: number): number[] {
  if (areIntegers(value, min, max, length)) return value;
  const list = asArray(value, where, 65536);
  if (length !== undefined && list.length !== length) {
    throw new BundleError(`${where} must have ${length} entries: it has ${list.length}`);
  }
  return list.map((entry, index) => asInteger(entry, `${where}[${index}]`, min, max));
}

/** Returns `value` as a shape: 1 to 8 dimensions of at least 1 with at most 2^30 elements in all. */
export function asShape(value: unknown, where: string): number[] {
  const shape = asIntegers(value, where, 1, 2 ** 30);
  if (shape.length < 1 || shape.length > 8) throw new BundleError(`${where} must have 1 to 8 dimensions`);
  if (elementCount(shape) > 2 ** 30) throw new BundleError(`${where} has more than 2^30 elements`);
  return shape;
}
