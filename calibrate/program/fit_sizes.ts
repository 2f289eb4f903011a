/**
 * Free sizes: the numbers of a program as functions of them.
 *
 * @module
 */

import {
  DEPENDENT_TABLES,
  MAX_FREE_SIZES,
  MAX_FREE_TENSORS,
  mostSteps,
  powersOf,
} from "../../runtime/bundle/free_sizes.ts";
import { InputError } from "../../runtime/errors.ts";
import type { DependentNumber, FreeSize, Program, ProgramData } from "../../runtime/program.ts";

/** Lengths by the names of sizes. */
export type Lengths = Readonly<Record<string, number>>;

/** Most places that an error names. */
const MOST_NAMED = 8;

/**
 * Makes one program of those for several sizes: the one for the smallest sizes,
 * with each number that differs as a polynomial of second degree, which is
 * fitted to some sizes and checked at others, the largest among them.
 *
 * @param programAt Makes the program for given lengths.
 * @throws {InputError} Where programs differ in other ways; names the nodes.
 */
export function fitSizes<Made extends ProgramData>(
  sizes: readonly FreeSize[],
  programAt: (lengths: Lengths) => Made,
): Made {
  if (sizes.length > MAX_FREE_SIZES) {
    throw new InputError(`${sizes.length} sizes are to stay free: at most ${MAX_FREE_SIZES} can`);
  }
  const at = (steps: readonly number[]) =>
    programAt(Object.fromEntries(sizes.map(({ name, minimum, step }, i) => [name, minimum + step * steps[i]])));
  const points = pointsOf(sizes);
  const made = points.map(at);
  const [smallest] = made;
  const { tensors } = smallest.program;
  if (tensors.length > MAX_FREE_TENSORS) {
    throw new InputError(`The network needs ${tensors.length} tensors: with free sizes at most ${MAX_FREE_TENSORS}`);
  }
  const numbers: DependentNumber[] = [];
  const misfits = new Set<string>();
  for (const table of DEPENDENT_TABLES) {
    compareTables(made.map(({ program }) => tableOf(program, table)), [table], (path, values) => {
      const slopes = values.every((value) => Number.isInteger(value))
        ? fit(points, values as number[], sizes.length)
        : undefined;
      if (slopes) numbers.push({ path, slopes });
      else misfits.add(describePlace(smallest.program, path));
    });
  }
  compareConstants(made, misfits);
  if (misfits.size > 0) throw new InputError(refusalOf(sizes, [...misfits]));
  const free = { sizes: [...sizes], numbers };
  return { ...smallest, program: { ...smallest.program, free } };
}

/** Numbers of steps at which the network is looked at: none, those to fit, those to check. */
function pointsOf(sizes: readonly FreeSize[]): number[][] {
  const most = sizes.map(mostSteps);
  const none = most.map(() => 0);
  const only = (steps: Record<number, number>) => none.map((_, i) => steps[i] ?? 0);
  const points = [
    none,
    ...most.flatMap((count, i) => [1, 2].filter((steps) => steps <= count).map((steps) => only({ [i]: steps }))),
    ...most.flatMap((_, a) => most.flatMap((_, b) => a < b ? [only({ [a]: 1, [b]: 1 })] : [])),
    most.map((count, i) => Math.floor(count / (i + 2))),
    most,
  ];
  return [...new Map(points.map((point) => [point.join(), point])).values()];
}

/** Factors of the powers that give all values; undefined where there are no whole ones. */
function fit(points: readonly number[][], values: readonly number[], count: number): number[] | undefined {
  const valueOf = new Map(points.map((point, i) => [point.join(), values[i]]));
  const at = (steps: Record<number, number>) =>
    valueOf.get(Array.from({ length: count }, (_, i) => steps[i] ?? 0).join());
  const base = values[0];
  const linear: number[] = [];
  const products: number[] = [];
  for (let a = 0; a < count; a++) {
    const one = at({ [a]: 1 })! - base;
    const two = at({ [a]: 2 });
    const square = two === undefined ? 0 : (two - base - 2 * one) / 2;
    linear.push(one - square);
    products.push(square);
    for (let b = a + 1; b < count; b++) {
      products.push(at({ [a]: 1, [b]: 1 })! - at({ [a]: 1 })! - at({ [b]: 1 })! + base);
    }
  }
  const slopes = [...linear, ...products];
  const fits = slopes.every(Number.isInteger) &&
    points.every((point, i) =>
      powersOf(point).reduce((sum, power, at) => sum + slopes[at] * power, base) === values[i]
    );
  return fits ? slopes : undefined;
}

/** A table as it is compared: tensors without their places, steps without what constants make up for. */
function tableOf(program: Program, table: string): unknown {
  if (table === "tensors") return program.tensors.map(({ offset: _, ...tensor }) => tensor);
  return program[table as "inputs" | "outputs" | "steps"];
}

/** Goes through tables side by side and tells of everything that differs. */
function compareTables(
  values: readonly unknown[],
  path: (string | number)[],
  tell: (path: (string | number)[], values: readonly unknown[]) => void,
): void {
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return;
  if (!values.every((value) => typeof value === "object" && value !== null)) return tell(path, values);
  const keys = Object.keys(first as object);
  if (values.some((value) => Object.keys(value as object).join() !== keys.join())) return tell(path, []);
  for (const key of keys) {
    const next = Array.isArray(first) ? Number(key) : key;
    compareTables(values.map((value) => (value as Record<string, unknown>)[key]), [...path, next], tell);
  }
}

/** Weights and tables of positions must be the same at every size. */
function compareConstants(made: readonly ProgramData[], misfits: Set<string>): void {
  const [{ program, data }, ...others] = made;
  program.constants.forEach((constant, index) => {
    const next = program.constants[index + 1]?.offset ?? data.length;
    const bytes = data.subarray(constant.offset, next);
    const isSame = others.every((other) => {
      const own = other.program.constants[index];
      if (!own || own.type !== constant.type || own.length !== constant.length || own.group !== constant.group) {
        return false;
      }
      const start = own.offset;
      return bytes.every((byte, at) => byte === other.data[start + at]);
    });
    if (isSame) return;
    const users = program.steps.filter(({ constants }) => constants.includes(index));
    for (const { name } of users) misfits.add(`node "${name}", whose constants depend on them`);
  });
  if (others.some((other) => other.program.constants.length !== program.constants.length)) {
    misfits.add("the number of constants");
  }
}

function describePlace(
  { steps, tensors, inputs, outputs }: Program,
  [table, index, field]: (string | number)[],
): string {
  const at = Number(index);
  if (index === undefined) return `the number of ${table}`;
  if (table === "steps") return `node "${steps[at].name}" (${String(field ?? "its kernel")})`;
  if (table === "tensors") return `value "${tensors[at].name}"`;
  return `"${(table === "inputs" ? inputs : outputs)[at].name}"`;
}

function refusalOf(sizes: readonly FreeSize[], misfits: readonly string[]): string {
  const names = sizes.map(({ name }) => `"${name}"`).join(", ");
  const more = misfits.length > MOST_NAMED ? `, and ${misfits.length - MOST_NAMED} more` : "";
  return `The network cannot keep ${names} free, for these are no functions of second degree of them, or differ: ` +
    `${misfits.slice(0, MOST_NAMED).join("; ")}${more}. What helps: a larger smallest size or step, or no --free`;
}
