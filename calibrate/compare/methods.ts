/**
 * The methods that a comparison holds side by side, and their names.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { type CalibrationSettings, PRESETS } from "../settings.ts";

/** A method with a name. */
export interface ComparedMethod {
  /** Words joined by "+", such as "per-channel+qmse+moments". */
  name: string;
  /** What distinguishes it from what `calibrate` does by default. */
  settings: Partial<CalibrationSettings>;
}

const GRANULARITIES = ["per-channel", "per-tensor"] as const;
const SCALES = ["minmax", "percentile", "entropy", "qmse"] as const;
const CORRECTIONS = { "no-usp": "off", mean: "mean", moments: "moments", lsq: "lsq" } as const;

/** The paper's table: nothing but scales and USP. */
const PAPER: Partial<CalibrationSettings> = PRESETS.paper;

/** What `calibrate` does by default, with one thing or two switched. */
const SWITCHED: Readonly<Record<string, Partial<CalibrationSettings>>> = {
  "default": {},
  "default+fast": { precision: "fast" },
  "default+best": { precision: "best" },
  "default+no-float": { keepFloat: 0 },
  "default+nearest": { rounding: "nearest" },
  "default+no-equalize": { equalize: false },
  "default+plain-error": { weightError: "plain" },
  "default+minmax": { scales: "minmax" },
  "default+no-usp": { usp: "off" },
  "default+minmax+no-usp": { scales: "minmax", usp: "off" },
  "default+mean": { usp: "mean" },
  "default+moments": { usp: "moments" },
  "default+lsq": { usp: "lsq" },
  "default+bn-target": { uspTarget: "bn" },
  "default+4-bit": { weightBits: 4 },
  "default+4-bit+best": { weightBits: 4, precision: "best" },
  "default+4-bit+nearest": { weightBits: 4, rounding: "nearest" },
  "default+4-bit+nearest+no-usp": { weightBits: 4, rounding: "nearest", usp: "off" },
  "default+4-bit+one-group": { weightBits: 4, weightGroup: 0 },
  "default+4-bit+one-group+nearest": { weightBits: 4, weightGroup: 0, rounding: "nearest" },
  "default+2-in-float": { keepFloat: 2 },
  "default+minmax+no-usp+2-in-float": { scales: "minmax", usp: "off", keepFloat: 2 },
  "default+4-bit+2-in-float": { weightBits: 4, keepFloat: 2 },
};

/** All methods that `compare` knows: the paper's table, then the default and what becomes of it when a part is switched. */
export const COMPARED_METHODS: readonly ComparedMethod[] = [
  ...GRANULARITIES.flatMap((weights) =>
    SCALES.flatMap((scales) =>
      Object.entries(CORRECTIONS).map(([word, usp]) => ({
        name: `${weights}+${scales}+${word}`,
        settings: { ...PAPER, weights, scales, usp },
      }))
    )
  ),
  ...GRANULARITIES.flatMap((weights) =>
    Object.entries(SWITCHED).map(([words, settings]) => ({
      name: `${weights}+${words}`,
      settings: { ...settings, weights },
    }))
  ),
];

/**
 * Chooses among {@linkcode COMPARED_METHODS}.
 *
 * @param selection Each item is a method's name, or words joined by "+" for all methods that have them.
 * @returns The methods that any item asks for, in the order of the table.
 * @throws {RangeError} Where no method has an item's words.
 */
export function selectMethods(selection: readonly string[]): ComparedMethod[] {
  const chosen = new Set(selection.flatMap(methodsOf));
  return COMPARED_METHODS.filter((method) => chosen.has(method));
}

function methodsOf(item: string): ComparedMethod[] {
  const exact = COMPARED_METHODS.find(({ name }) => name === item);
  if (exact) return [exact];
  const wanted = item.split("+");
  const found = COMPARED_METHODS.filter(({ name }) => {
    const words = name.split("+");
    return wanted.every((word) => words.includes(word));
  });
  if (found.length > 0) return found;
  const known = [...new Set(COMPARED_METHODS.flatMap(({ name }) => name.split("+")))];
  const unknown = wanted.find((word) => !known.includes(word));
  throw new InputRangeError(
    unknown === undefined
      ? `No method is "${item}": there is none with all of these words`
      : `No method has the word "${unknown}": known are ${known.join(", ")}`,
  );
}
