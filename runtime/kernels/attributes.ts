/**
 * The attributes of steps in a bundle's header: how each is checked on its own,
 * and what stands for one that is left out.
 *
 * @module
 */

import {
  areFloats,
  areIntegers,
  asFloat,
  asFloats,
  asInteger,
  asIntegers,
  asString,
  type Fields,
  isFloat,
  isInteger,
} from "../fields.ts";
import { stepError, type StepLabel } from "./step.ts";

/** An attribute that is a number: an integer in a range, or a finite float32. */
type NumberAttribute<T> =
  | { type: "integer"; min: number; max: number; absent?: T }
  | { type: "float"; absent?: T };

/** An attribute that is a list: of `length` integers in a range, or of `length` finite float32. */
type ListAttribute =
  | { type: "integers"; length: number; min: number; max: number; absent?: readonly number[] }
  | { type: "floats"; length: number; absent?: readonly number[] };

/** An attribute that is one of several words. */
interface WordAttribute<T> {
  type: "word";
  words: readonly T[];
  absent?: T;
}

/** How an attribute is checked; `absent` is assumed where it is left out, which is an error without it. */
export type Attribute<T> = [T] extends [string] ? WordAttribute<T>
  : [T] extends [number] ? NumberAttribute<T>
  : ListAttribute;

/** How each attribute of a kernel's steps is checked, in the order in which they are written. */
export type AttributeTable<Attributes> = { readonly [Key in keyof Attributes]: Attribute<Attributes[Key]> };

/** An attribute of any kind. */
type AnyAttribute = NumberAttribute<number> | ListAttribute | WordAttribute<string>;

/** An attribute that is 1 or 0, which is meant where it is left out. */
export const FLAG = { type: "integer", min: 0, max: 1, absent: 0 } as const;

/** A list of `rank` dimensions, each from 1 to 2^30. */
export function dimensions(rank: number): ListAttribute {
  return { type: "integers", length: rank, min: 1, max: 2 ** 30 };
}

/**
 * Reads the attributes of a step, with what stands for those that are left out.
 *
 * @param table The kernel's attributes; fields beyond them are ignored.
 * @throws {BundleError} At the first attribute that is missing or out of its range.
 */
export function parseAttributes<Attributes extends object>(
  table: AttributeTable<Attributes>,
  fields: Fields,
  step: StepLabel,
): Attributes {
  const attributes: Fields = {};
  for (const key in table) {
    const attribute: AnyAttribute = table[key];
    const value = fields[key];
    attributes[key] = value === undefined && attribute.absent !== undefined
      ? attribute.absent
      : parseAttribute(attribute, value, key, step);
  }
  return attributes as Attributes;
}

function parseAttribute(attribute: AnyAttribute, value: unknown, key: string, step: StepLabel): unknown {
  // The text of an error is made only where there is one: this runs for every attribute of a network.
  switch (attribute.type) {
    case "integer": {
      const { min, max } = attribute;
      return isInteger(value, min, max) ? value : asInteger(value, placeOf(step, key), min, max);
    }
    case "integers": {
      const { min, max, length } = attribute;
      if (areIntegers(value, min, max, length)) return value;
      return asIntegers(value, placeOf(step, key), min, max, length);
    }
    case "float":
      return isFloat(value) ? value : asFloat(value, placeOf(step, key));
    case "floats": {
      if (areFloats(value, attribute.length)) return value;
      const floats = asFloats(value, placeOf(step, key), attribute.length);
      if (floats.length === attribute.length) return floats;
      throw stepError(step, `${key} must have ${attribute.length} entries: it has ${floats.length}`);
    }
    case "word": {
      if (attribute.words.includes(value as string)) return value;
      const word = asString(value, placeOf(step, key));
      throw stepError(step, `${key} "${word}" is unknown: one of ${attribute.words.join(", ")} expected`);
    }
  }
}

function placeOf(step: StepLabel, key: string): string {
  return `Step "${step.name}" (${step.kernel}): ${key}`;
}

/** The attributes that a file names: all but those that are as {@linkcode parseAttributes} assumes them to be. */
export function writeAttributes<Attributes extends object>(
  table: AttributeTable<Attributes>,
  attributes: Attributes,
): Fields {
  const fields: Fields = {};
  for (const key in table) {
    const { absent }: AnyAttribute = table[key];
    if (!isSame(attributes[key], absent)) fields[key] = attributes[key];
  }
  return fields;
}

function isSame(value: unknown, absent: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(absent)) return value === absent;
  return value.length === absent.length && value.every((entry, index) => entry === absent[index]);
}
