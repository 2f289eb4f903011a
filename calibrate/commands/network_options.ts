/**
 * Options that say how a float network is read.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";

/** The options, for `node:util` parseArgs. */
export const NETWORK_OPTIONS = { dimension: { type: "string", multiple: true } } as const;

/** Help on {@linkcode NETWORK_OPTIONS}. */
export const NETWORK_HELP =
  "  --dimension NAME=N  length of a free dimension of the network's inputs, the batch too; may be repeated";

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

/** Refuses lengths for a bundle, whose shapes are settled. @throws {InputError} Where there are any. */
export function refuseDimensions(dimensions: Readonly<Record<string, number>>): void {
  if (Object.keys(dimensions).length > 0) throw new InputError("A bundle's shapes are settled: leave out --dimension");
}
