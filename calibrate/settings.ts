/**
 * The choices of method that distinguish one calibration from another.
 *
 * @module
 */

import { InputError, InputRangeError } from "../runtime/errors.ts";

/** Which weights share a scale. */
export type WeightGranularity = "per-channel" | "per-tensor";

/** Bits of weights. */
export type WeightBits = 8 | 4;

/** What the squared error of a weight counts: the same for all, or the mean square of the input that it multiplies. */
export type WeightError = "plain" | "input";

/** How weights are rounded: each to its nearest level, or so that later ones make up for the errors of earlier ones. */
export type WeightRounding = "nearest" | "gptq";

/** Methods that choose activation scales. */
export type ScaleMethod = "qmse" | "minmax" | "percentile" | "entropy";

/** What is corrected: mean and gain as far as there is evidence; mean and variance; the mean alone; the line of least squares. */
export type CorrectionMode = "shrinkage" | "moments" | "mean" | "lsq";

/** What the statistics are brought to: the float network's on the same samples, or BatchNormalization's own beta and gamma. */
export type CorrectionTarget = "measured" | "bn";

/** How much time and how many bytes may be spent on layers that lose most. */
export type PrecisionLevel = "fast" | "balanced" | "best";

/** The method of a calibration: everything but the network, the samples and the way of running. */
export interface CalibrationSettings {
  /**
   * What may be spent on precision: "fast" nothing, "balanced" 1 % of the bytes and 3 % of the time, "best" 4 % and 10 %;
   * "balanced" by default.
   */
  precision: PrecisionLevel;
  /** Which weights share a scale; "per-channel" by default. */
  weights: WeightGranularity;
  /** Bits of weights: 4 for all layers but those that lose most by it; 8 by default. */
  weightBits: WeightBits;
  /** At 4 bits, weights of an output channel that share a multiplier: a multiple of 4, 0 for all; 16 by default. */
  weightGroup: number;
  /** What the squared error of a weight counts when its scale is chosen; "input" by default. */
  weightError: WeightError;
  /** How weights are rounded; "gptq" by default, but "nearest" for 8 bits with precision "fast". */
  rounding: WeightRounding;
  /** Method that chooses scales; "qmse" by default. */
  scales: ScaleMethod;
  /** With "percentile", the percent of the values within each end of a range; 99.999 where absent. */
  percentile?: number;
  /** Whether channels have grids of their own where that costs nothing at run time; true by default. */
  equalize: boolean;
  /** Correction of batch statistics; "shrinkage" by default. */
  usp: CorrectionMode | "off";
  /** What statistics are brought to; "measured" by default. */
  uspTarget: CorrectionTarget;
  /** Number of layers that stay in float, those that lose most; where absent, `precision` decides. */
  keepFloat?: number;
  /** Instead of their number, the percentage points of top-1 accuracy that may be lost. */
  targetDrop?: number;
}

/** What is known of a setting: its option, its values and what they mean. */
export interface Setting<Value> {
  /** The option of commands, without dashes. */
  option: string;
  /** What commands say of it. */
  help: string;
  /** The values; numbers where absent. */
  choices?: readonly [Value, ...Value[]];
  /** The numbers that it takes, and what stands for one in a help text. */
  range?: { placeholder: string; must: string; holds(value: number): boolean };
  /** Value where none is given; absent where another setting decides. */
  default?: Value;
  /** A setting that must not be given beside it. */
  excludes?: keyof CalibrationSettings;
}

/** Everything that is known of the settings: options, help texts, checks and defaults follow from it. */
export const SETTINGS: {
  readonly [Name in keyof CalibrationSettings]-?: Setting<NonNullable<CalibrationSettings[Name]>>;
} = {
  precision: {
    option: "precision",
    help: "fast: nothing is spent on it; balanced: 1 % of the bytes, 3 % of the time; best: 4 % and 10 %",
    choices: ["balanced", "fast", "best"],
    default: "balanced",
  },
  weights: {
    option: "weights",
    help: "which weights share a scale",
    choices: ["per-channel", "per-tensor"],
    default: "per-channel",
  },
  weightBits: {
    option: "weight-bits",
    help: "4: all layers but the first and depthwise ones, stored in 4 bits",
    choices: [8, 4],
    default: 8,
  },
  weightGroup: {
    option: "weight-group",
    help: "weights of a channel that share a multiplier at 4 bits, a multiple of 4; 0: all",
    range: {
      placeholder: "N",
      must: "a multiple of 4, or 0",
      holds: (value) => Number.isInteger(value) && value >= 0 && value % 4 === 0,
    },
    default: 16,
  },
  weightError: {
    option: "weight-error",
    help: "input: weighted by the mean square of the inputs",
    choices: ["input", "plain"],
    default: "input",
  },
  rounding: {
    option: "rounding",
    help: "gptq, the default but for 8 bits with fast precision: errors make up for each other",
    choices: ["nearest", "gptq"],
  },
  scales: {
    option: "scales",
    help: "method that chooses the scales of activations",
    choices: ["qmse", "minmax", "percentile", "entropy"],
    default: "qmse",
  },
  percentile: {
    option: "percentile",
    help: "for percentile scales, the percent of the values that lie within each end of a range (99.999)",
    range: {
      placeholder: "P",
      must: "a percentage above 50 and up to 100",
      holds: (value) => value > 50 && value <= 100,
    },
  },
  equalize: {
    option: "equalize",
    help: "on: a grid for each channel where that costs nothing at run time",
    choices: [true, false],
    default: true,
  },
  usp: {
    option: "usp",
    help: "correction of batch statistics",
    choices: ["shrinkage", "moments", "mean", "lsq", "off"],
    default: "shrinkage",
  },
  uspTarget: {
    option: "usp-target",
    help: "measured: the float network's statistics; bn: BatchNormalization's own",
    choices: ["measured", "bn"],
    default: "measured",
  },
  keepFloat: {
    option: "keep-float",
    help: "keep the K layers in float32 without whose quantisation the output is best, whatever the precision",
    range: {
      placeholder: "K",
      must: "a whole number of layers, 0 or more",
      holds: (value) => Number.isInteger(value) && value >= 0,
    },
  },
  targetDrop: {
    option: "target-drop",
    help: "keep as few as lose at most P points of top-1 on the samples, or without labels change P % of the classes",
    range: {
      placeholder: "P",
      must: "a number of percentage points from 0 to 100",
      holds: (value) => value >= 0 && value <= 100,
    },
    excludes: "keepFloat",
  },
};

/** Settings that go together by a name. */
export const PRESETS: { readonly paper: Readonly<Partial<CalibrationSettings>> } = {
  /** The paper's parts alone, QMSE and USP, as we read its abstract. */
  paper: {
    usp: "moments",
    precision: "fast",
    equalize: false,
    weightError: "plain",
    rounding: "nearest",
  },
};

/** The names of the settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as (keyof CalibrationSettings)[];

/** A value of a setting as a word. */
export function wordOf(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "on" : "off") : String(value);
}

/**
 * What a calibration did beside choosing scales and correcting statistics, in words.
 *
 * @param kept The layers that got more precision.
 */
export function describeMethods(
  settings: CalibrationSettings,
  kept: readonly { precision: "float32" | "8-bit weights" }[],
): string {
  const { equalize, weightBits, weightGroup, weightError, rounding, percentile } = settings;
  const keptIn = (words: "float32" | "8-bit weights", preposition: string) => {
    const { length } = kept.filter(({ precision }) => precision === words);
    return length > 0 ? [`${length} ${length === 1 ? "layer" : "layers"} ${preposition} ${words}`] : [];
  };
  return [
    ...(equalize ? ["grids for each channel"] : []),
    ...(weightBits === 4 ? [`4-bit weights${weightGroup > 0 ? ` in groups of ${weightGroup}` : ""}`] : []),
    ...(weightError === "input" ? ["weight error by input"] : []),
    ...(rounding === "gptq" ? ["GPTQ rounding"] : []),
    ...(percentile !== undefined ? [`percentile ${percentile}`] : []),
    ...keptIn("float32", "in"),
    ...keptIn("8-bit weights", "with"),
  ].join(", ");
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} Where a number is out of range.
 * @throws {TypeError} Where a value is none of a setting's choices, or settings are given that exclude each other.
 */
export function completeSettings(settings: Partial<CalibrationSettings>): CalibrationSettings {
  const complete: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const { default: usual, excludes, ...setting } = SETTINGS[name];
    const value = settings[name] ?? usual;
    if (value !== undefined) checkSetting(setting, name, value);
    if (settings[name] !== undefined && excludes && settings[excludes]) {
      throw new InputError(`${excludes} and ${name} exclude each other`);
    }
    if (name === "equalize") complete.equalize = settings.equalize ?? complete.scales === "qmse";
    else if (name === "rounding") complete.rounding = value ?? roundingFor(complete);
    else if (name === "usp" && settings.uspTarget === "bn") complete.usp = settings.usp ?? "moments";
    else if (value !== undefined) complete[name] = value;
  }
  if (complete.usp === "shrinkage" && complete.uspTarget === "bn") {
    throw new InputError('uspTarget "bn" needs usp "moments", "mean" or "lsq": it is "shrinkage"');
  }
  if (complete.equalize && complete.scales !== "qmse") {
    throw new InputError(
      `equalize needs scales "qmse", which choose the grid of each channel: they are "${complete.scales}"`,
    );
  }
  if (complete.percentile !== undefined && complete.scales !== "percentile") {
    throw new InputError(`percentile needs scales "percentile": they are "${complete.scales}"`);
  }
  return complete as unknown as CalibrationSettings;
}

/** How weights are rounded where nothing is said. */
function roundingFor({ precision, weightBits }: Record<string, unknown>): WeightRounding {
  return precision === "fast" && weightBits === 8 ? "nearest" : "gptq";
}

/**
 * Checks a value of a setting.
 *
 * @param called What an error calls it.
 * @param given What an error says was given.
 * @throws {RangeError} Where a number is out of range.
 * @throws {TypeError} Where it is none of the choices.
 */
export function checkSetting(
  { choices, range }: Pick<Setting<string | number | boolean>, "choices" | "range">,
  called: string,
  value: unknown,
  given: string = String(value),
): void {
  if (choices && !choices.some((choice) => choice === value)) {
    throw new InputError(`${called} must be one of ${choices.map(wordOf).join(", ")}: got ${given}`);
  }
  if (range && !(typeof value === "number" && range.holds(value))) {
    throw new InputRangeError(`${called} must be ${range.must}: got ${given}`);
  }
}
