/**
 * Sizes of a network that stay free, such as the height and width of its images.
 *
 * A program is that of the smallest sizes. What depends on sizes are some of its
 * numbers, each a polynomial of second degree in the steps from the smallest
 * sizes to those that are wanted. Tensors are placed anew at each size, and the
 * program is checked as one that was read.
 *
 * @module
 */

import { BundleError, InputError, InputRangeError } from "../errors.ts";
import { asArray, asFields, asInteger, asIntegers, asString } from "../fields.ts";
import type { DependentNumber, FreeSize, FreeSizes, Program, ProgramData } from "../program.ts";
import { checkConstantData } from "./check_constant_data.ts";
import { checkProgram } from "./check_program.ts";
import { MAX_ENTRIES } from "./format.ts";
import { planMemory } from "./plan_memory.ts";

/** Most sizes that may be free. */
export const MAX_FREE_SIZES = 4;

/** Most tensors of a program with free sizes: they are placed anew at each size, in the square of their number. */
export const MAX_FREE_TENSORS = 8192;

/** The tables whose numbers may depend on sizes. */
export const DEPENDENT_TABLES: readonly string[] = ["inputs", "outputs", "tensors", "steps"];

/** The powers of numbers of steps: each number, then all products of two. */
export function powersOf(steps: readonly number[]): number[] {
  const powers = [...steps];
  for (let a = 0; a < steps.length; a++) {
    for (let b = a; b < steps.length; b++) powers.push(steps[a] * steps[b]);
  }
  return powers;
}

/**
 * Checks the free sizes of a bundle: all fields, and the whole program at its largest sizes.
 *
 * @param program The program at its smallest sizes, checked.
 * @throws {BundleError} At the first inconsistency.
 */
export function checkFreeSizes(value: unknown, program: Program, data: Uint8Array): FreeSizes {
  const fields = asFields(value, "free");
  const sizes = asArray(fields.sizes, "free.sizes", MAX_FREE_SIZES).map((size, i) =>
    checkSize(size, `free.sizes[${i}]`)
  );
  if (sizes.length === 0) throw new BundleError("free.sizes must not be empty");
  if (new Set(sizes.map(({ name }) => name)).size !== sizes.length) {
    throw new BundleError("free.sizes must have different names");
  }
  if (program.preprocessing) throw new BundleError("free needs a program without preprocessing");
  const count = powersOf(sizes.map(() => 0)).length;
  const numbers = asArray(fields.numbers, "free.numbers", MAX_ENTRIES).map((number, index) =>
    checkNumber(number, `free.numbers[${index}]`, program, count)
  );
  if (new Set(numbers.map(({ path }) => path.join("/"))).size !== numbers.length) {
    throw new BundleError("free.numbers must have different paths");
  }
  if (program.tensors.length > MAX_FREE_TENSORS) {
    throw new BundleError(`free needs a program of at most ${MAX_FREE_TENSORS} tensors`);
  }
  const free = { sizes, numbers };
  requireReachable(program, free);
  resizeProgram({ ...program, free }, sizes.map(mostSteps), data);
  return free;
}

/** The steps from the smallest of a free size to the largest. */
export function mostSteps({ minimum, maximum, step }: FreeSize): number {
  return (maximum - minimum) / step;
}

function checkSize(value: unknown, where: string): FreeSize {
  const fields = asFields(value, where);
  const minimum = asInteger(fields.minimum, `${where}.minimum`, 1, 2 ** 24);
  const maximum = asInteger(fields.maximum, `${where}.maximum`, minimum + 1, 2 ** 24);
  const step = asInteger(fields.step, `${where}.step`, 1, maximum - minimum);
  if ((maximum - minimum) % step !== 0) throw new BundleError(`${where}.maximum must be whole steps above the minimum`);
  return { name: asString(fields.name, `${where}.name`), minimum, maximum, step };
}

function checkNumber(value: unknown, where: string, program: Program, count: number): DependentNumber {
  const fields = asFields(value, where);
  const slopes = asIntegers(fields.slopes, `${where}.slopes`, -(2 ** 30), 2 ** 30, count);
  const path = asArray(fields.path, `${where}.path`, 8) as DependentNumber["path"];
  if (!DEPENDENT_TABLES.includes(path[0] as string)) throw new BundleError(`${where}.path must begin with a table`);
  if (!Number.isInteger(valueAt(program, path))) throw new BundleError(`${where}.path must lead to an integer`);
  return { path, slopes };
}

function valueAt(program: Program, path: DependentNumber["path"]): unknown {
  let value: unknown = program;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) !== (typeof key === "number")) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** An axis of an input that is a free size. */
export interface FreeAxis {
  /** Index of the input. */
  port: number;
  /** The axis. */
  axis: number;
  /** Index of the size. */
  size: number;
}

/** The axes of inputs that are free sizes. */
export function freeAxes(program: Program, { sizes, numbers }: FreeSizes): FreeAxis[] {
  return numbers.flatMap(({ path: [table, port, field, axis], slopes }) => {
    if (table !== "inputs" || field !== "shape") return [];
    const size = sizes.findIndex(({ minimum, step }, index) =>
      program.inputs[Number(port)].shape[Number(axis)] === minimum &&
      slopes.every((slope, i) => slope === (i === index ? step : 0))
    );
    return [{ port: Number(port), axis: Number(axis), size }];
  });
}

/** Each size must be an axis of an input, and no axis of an input may be anything but a size. */
function requireReachable(program: Program, free: FreeSizes): void {
  const axes = freeAxes(program, free);
  if (axes.some(({ size }) => size < 0)) {
    throw new BundleError("free: a dimension of an input must be one of the sizes");
  }
  if (free.sizes.some((_, index) => !axes.some(({ size }) => size === index))) {
    throw new BundleError("free: every size must be a dimension of an input");
  }
}

/**
 * The program at other sizes, checked as one that was read.
 *
 * @param program The program at its smallest sizes.
 * @param steps Steps from the smallest of each size.
 * @param data The data part.
 * @throws {BundleError} Where a kernel could leave its memory, or tensors take more than is allowed.
 */
export function resizeProgram(program: Program, steps: readonly number[], data: Uint8Array): Program {
  const { free, ...rest } = program;
  // Not structuredClone: arrays that two tables share would stay shared, and change twice.
  const header = JSON.parse(JSON.stringify(rest));
  const powers = powersOf(steps);
  for (const { path, slopes } of free!.numbers) {
    const last = path.length - 1;
    // deno-lint-ignore no-explicit-any
    let owner: any = header;
    for (let i = 0; i < last; i++) owner = owner[path[i]];
    let value = owner[path[last]];
    for (let i = 0; i < slopes.length; i++) value += slopes[i] * powers[i];
    owner[path[last]] = value;
  }
  const resized = checkProgram(header, data.length, planMemory);
  checkConstantData(resized, data);
  return { ...resized, free: free! };
}

/**
 * Steps from the smallest of a free size to a length.
 *
 * @param where What has the length, as the beginning of an error.
 * @throws {InputRangeError} Where the length is not allowed.
 */
export function stepsTo({ name, minimum, maximum, step }: FreeSize, length: number, where: string): number {
  const count = (length - minimum) / step;
  if (Number.isInteger(count) && length >= minimum && length <= maximum) return count;
  throw new InputRangeError(
    `${where} has the length ${length}: "${name}" may be ${minimum} to ${maximum} in steps of ${step}`,
  );
}

/**
 * A bundle with its free sizes fixed.
 *
 * @param lengths A length for each free size, by name.
 * @throws {InputError} Where a length is missing, or there is no such size.
 * @throws {InputRangeError} Where a length is not allowed.
 */
export function fixSizes<Parts extends ProgramData>(parts: Parts, lengths: Readonly<Record<string, number>>): Parts {
  const sizes = parts.program.free?.sizes ?? [];
  for (const name of Object.keys(lengths)) {
    if (sizes.some((size) => size.name === name)) continue;
    const known = sizes.length > 0 ? `they are ${sizes.map(({ name }) => `"${name}"`).join(", ")}` : "it has none";
    throw new InputError(`The bundle has no free size "${name}": ${known}`);
  }
  const missing = sizes.find(({ name }) => !Object.hasOwn(lengths, name));
  if (missing) {
    const { name, minimum, maximum, step } = missing;
    throw new InputError(
      `The bundle's size "${name}" is free, ${minimum} to ${maximum} in steps of ${step}: give it a length`,
    );
  }
  if (sizes.length === 0) return parts;
  const steps = sizes.map((size) => stepsTo(size, lengths[size.name], `Dimension "${size.name}"`));
  const { free: _, ...program } = resizeProgram(parts.program, steps, parts.data);
  return { ...parts, program };
}
