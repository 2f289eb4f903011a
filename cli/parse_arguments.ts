/**
 * Arguments of commands.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { InputError } from "../runtime/errors.ts";
import { escapeText } from "./escape_text.ts";

/**
 * Reads a command's arguments as `parseArgs` of `node:util` does, with errors of one sentence.
 *
 * @param config The arguments and the options that the command knows.
 * @returns Values of the options, and what is not an option.
 * @throws {InputError} Where an option is unknown, has no value, or has one that it does not take.
 */
export function parseArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(escapeText(message.split(/\.?\n|\. /)[0]), { cause });
  }
}
