/**
 * Options that the commands share.
 *
 * @module
 */

import { InputError, InputRangeError } from "../../runtime/errors.ts";
import type { Preprocessing } from "../../runtime/preprocessing.ts";
import { validatePreprocessing } from "../../runtime/preprocessing.ts";
import { imageInput } from "../dataset/image_input.ts";

/** Parsed options, by name. */
export type OptionValues = Record<string, string | boolean | string[] | undefined>;

/** The options that say how images become the network's input, for `node:util` parseArgs. */
export const PREPROCESSING_OPTIONS = {
  normalize: { type: "string" },
  mean: { type: "string" },
  std: { type: "string" },
  resize: { type: "string" },
  crop: { type: "string" },
} as const;

/** Help on {@linkcode PREPROCESSING_OPTIONS}. */
export const PREPROCESSING_HELP = `  --normalize NAME    imagenet, half (to -1..1), unit (to 0..1) or none (0..255)
  --mean A,B,C        mean of each channel, on pixels scaled to 0..1
  --std A,B,C         standard deviation of each channel, on pixels scaled to 0..1
  --resize N or HxW   resize the shorter side to N pixels, or stretch to HxW (antialiased bilinear, as torchvision)
  --crop N or HxW     crop the centre; by default the network's input`;

const NORMALIZATIONS: Readonly<Record<string, { mean: number; std: number } | { mean: number[]; std: number[] }>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { mean: 0.5, std: 0.5 },
  unit: { mean: 0, std: 1 },
  none: { mean: 0, std: 1 / 255 },
};

/**
 * Reads the preprocessing that options ask for.
 *
 * @param inputShape Shape of the network's input, [1, channels, height, width].
 * @returns The recipe, or undefined where no option asks for one.
 * @throws {TypeError} Where the options don't go together or can't be read.
 * @throws {RangeError} Where a number is out of range.
 */
export function readPreprocessing(values: OptionValues, inputShape: readonly number[]): Preprocessing | undefined {
  const { normalize, mean, std, resize, crop } = values;
  if ([normalize, mean, std, resize, crop].every((value) => value === undefined)) return undefined;
  const { channels, height, width } = imageInput(inputShape);
  if (normalize !== undefined && (mean !== undefined || std !== undefined)) {
    throw new InputError("--normalize does not go together with --mean and --std");
  }
  if (normalize === undefined && (mean === undefined || std === undefined)) {
    throw new InputError("Images need --normalize, or both --mean and --std");
  }
  const recipe = {
    crop: crop === undefined ? [height, width] : readSides("--crop", String(crop)),
    ...(normalize === undefined
      ? { mean: readList("--mean", String(mean), channels), std: readList("--std", String(std), channels) }
      : named(String(normalize), channels)),
    ...(resize !== undefined && { resize: readResize(String(resize)) }),
  };
  return validatePreprocessing(recipe, "preprocessing");
}

/**
 * Lets an option take all arguments up to the next option, by repeating it before each of them.
 *
 * @param takes Whether it takes an argument; at the first that it does not take it ends, too.
 */
export function repeatOption(
  args: readonly string[],
  option: string,
  takes: (argument: string) => boolean = () => true,
): string[] {
  let repeated = false;
  return args.flatMap((argument, index) => {
    const first = args[index - 1] === option;
    if (argument.startsWith("-")) repeated = argument === option;
    else if (!first && !takes(argument)) repeated = false;
    else if (repeated && !first) return [option, argument];
    return [argument];
  });
}

/** Reads a whole number of at least 1. */
export function readCount(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InputRangeError(`${option} must be a whole number of at least 1: got "${text}"`);
  }
  return value;
}

/** Reads one of some words. */
export function readChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  if (!choices.includes(text as T)) {
    throw new InputError(`${option} must be one of ${choices.join(", ")}: got "${text}"`);
  }
  return text as T;
}

function named(name: string, channels: number): { mean: number[]; std: number[] } {
  const known = NORMALIZATIONS[readChoice("--normalize", name, Object.keys(NORMALIZATIONS))];
  const spread = (value: number | number[]) =>
    typeof value === "number" ? new Array<number>(channels).fill(value) : value;
  const [mean, std] = [spread(known.mean), spread(known.std)];
  if (mean.length !== channels) {
    throw new InputError(`--normalize ${name} is for 3 channels: the network takes ${channels}`);
  }
  return { mean, std };
}

function readList(option: string, text: string, length: number): number[] {
  const values = text.split(",").map(Number);
  if (values.length !== length || text.trim() === "" || values.some((value) => !Number.isFinite(value))) {
    throw new InputError(`${option} must be ${length} numbers with commas between: got "${text}"`);
  }
  return values;
}

function readResize(text: string): number | number[] {
  return text.includes("x") ? readSides("--resize", text) : readCount("--resize", text);
}

function readSides(option: string, text: string): number[] {
  const sides = text.split("x").map((side) => readCount(option, side));
  if (sides.length > 2) throw new InputError(`${option} must be N or HxW: got "${text}"`);
  return [sides[0], sides[sides.length - 1]];
}
