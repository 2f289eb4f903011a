/**
 * The settings of a calibration as options.
 *
 * @module
 */

import { InputError } from "../../runtime/errors.ts";
import { type CalibrationSettings, checkSetting, PRESETS, SETTING_NAMES, SETTINGS, wordOf } from "../settings.ts";
import type { OptionValues } from "./options.ts";

/** The options, for `node:util` parseArgs. */
export const SETTING_OPTIONS: Record<string, { type: "string" }> = Object.fromEntries(
  ["preset", ...SETTING_NAMES.map((name) => SETTINGS[name].option)].map((option) => [option, { type: "string" }]),
);

const PRESET_NAMES = Object.keys(PRESETS) as (keyof typeof PRESETS)[];

/** Help on {@linkcode SETTING_OPTIONS}. */
export const SETTINGS_HELP: string = [
  `  ${"--preset WORD".padEnd(20)}${
    PRESET_NAMES.join(" or ")
  }; the parts of the paper alone, which other options may change`,
  ...SETTING_NAMES.map(helpOn),
].join("\n");

/**
 * Reads the settings that options give; those of a preset hold where no option gives another.
 *
 * @throws {TypeError} Where options exclude each other, or one is none of its words.
 * @throws {RangeError} Where a number is out of range.
 */
export function readSettings(values: OptionValues): Partial<CalibrationSettings> {
  const settings: Record<string, unknown> = { ...presetOf(values.preset) };
  for (const name of SETTING_NAMES) {
    const { option, choices, range, excludes } = SETTINGS[name];
    const text = values[option];
    if (typeof text !== "string") continue;
    if (excludes && values[SETTINGS[excludes].option] !== undefined) {
      throw new InputError(`--${SETTINGS[excludes].option} does not go together with --${option}`);
    }
    const value = choices?.find((choice) => wordOf(choice) === text) ?? (text.trim() === "" ? NaN : Number(text));
    checkSetting({ ...(choices && { choices }), ...(range && { range }) }, `--${option}`, value, `"${text}"`);
    settings[name] = value;
  }
  return settings;
}

function presetOf(given: OptionValues[string]): Readonly<Partial<CalibrationSettings>> {
  if (given === undefined) return {};
  const name = PRESET_NAMES.find((name) => name === given);
  if (!name) throw new InputError(`--preset must be one of ${PRESET_NAMES.join(", ")}: got "${given}"`);
  return PRESETS[name];
}

function helpOn(name: keyof CalibrationSettings): string {
  const { option, help, choices, range, default: usual } = SETTINGS[name];
  const head = `--${option} ${range?.placeholder ?? "WORD"}`.padEnd(20);
  const words = choices?.map((choice) => choice === usual ? `${wordOf(choice)} (default)` : wordOf(choice));
  const tail = range && usual !== undefined ? ` (default ${usual})` : "";
  return `  ${head}${words ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}; ` : ""}${help}${tail}`;
}
