/**
 * Options that say how a float network is read.
 *
 * @module
 */

import { fixSizes, stepsTo } from "../../runtime/bundle/free_sizes.ts";
import { InputError } from "../../runtime/errors.ts";
import type { FreeSize, ProgramData } from "../../runtime/program.ts";

/** The options, for `node:util` parseArgs. */
export const NETWORK_OPTIONS = { dimension: { type: "string", multiple: true } } as const;

/** Help on {@linkcode NETWORK_OPTIONS}. */
export const NETWORK_HELP =
  "  --dimension NAME=N  length of a free dimension of the network's inputs, the batch too; may be repeated";

/** The option of sizes that stay free, for `node:util` parseArgs. */
export const FREE_OPTIONS = { free: { type: "string", multiple: true } } as const;

/** Help on {@linkcode FREE_OPTIONS}. */
export const FREE_HELP =
  "  --free NAME=A..B:S  keep a dimension with a --dimension free: A to B in steps of S (1); may be repeated";

/**
 * Reads the lengths of free dimensions.
 *
 * @param given Values of `--dimension`; undefined where there are none.
 * @returns Lengths by name.
 * @throws {InputError} Where one is not a name with a positive number, or a name is given twice.
 */
export function readDimensions(given: readonly string[] | undefined): Record<string, number> {
  const dimensions = new Map<string, number>();
  for (const text of given ?? []) {
    const [, name, length] = text.match(/^(.+)=(\d+)$/s) ?? [];
    if (name === undefined || !(Number(length) >= 1)) {
      throw new InputError(`--dimension must be a name and a number, such as batch=1: got "${text}"`);
    }
    if (dimensions.has(name)) throw new InputError(`--dimension gives "${name}" two lengths`);
    dimensions.set(name, Number(length));
  }
  return Object.fromEntries(dimensions);
}

/**
 * Reads the sizes that stay free.
 *
 * @param given Values of `--free`; undefined where there are none.
 * @param dimensions Lengths of the samples, by name.
 * @throws {InputError} Where one is not a range, or not one of the samples' length.
 */
export function readFree(
  given: readonly string[] | undefined,
  dimensions: Readonly<Record<string, number>>,
): FreeSize[] {
  const sizes: FreeSize[] = [];
  for (const text of given ?? []) {
    const [, name, ...numbers] = text.match(/^(.+)=(\d+)\.\.(\d+)(?::(\d+))?$/s) ?? [];
    const [minimum, maximum, step] = numbers.map((number) => Number(number ?? 1));
    if (name === undefined || !(minimum >= 1 && maximum > minimum && step >= 1 && (maximum - minimum) % step === 0)) {
      throw new InputError(`--free must be a name, a range and a step, such as width=32..960:32: got "${text}"`);
    }
    if (sizes.some((size) => size.name === name)) throw new InputError(`--free gives "${name}" two ranges`);
    if (!Object.hasOwn(dimensions, name)) {
      throw new InputError(`--free "${name}" needs the length that the samples have: add --dimension ${name}=LENGTH`);
    }
    const size = { name, minimum, maximum, step };
    stepsTo(size, dimensions[name], `--dimension "${name}"`);
    sizes.push(size);
  }
  return sizes;
}

/** Fixes the free sizes of a bundle, as far as lengths are given. @throws {InputError} Where it has no such size. */
export function fixGiven<Parts extends ProgramData>(parts: Parts, dimensions: Readonly<Record<string, number>>): Parts {
  return Object.keys(dimensions).length === 0 ? parts : fixSizes(parts, dimensions);
}
