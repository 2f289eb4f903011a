/**
 * The frame of a command: arguments in, one sentence and exit status 1 where
 * its input cannot be used, and what a report needs where Octet itself fails.
 *
 * @module
 */

import process from "node:process";
import manifest from "../deno.json" with { type: "json" };
import { isInputError } from "../runtime/errors.ts";
import { escapeText } from "./escape_text.ts";

/** Exit status of a command whose input cannot be used. */
const INPUT_STATUS = 1;

/** Exit status of a command that has a defect: EX_SOFTWARE of sysexits.h. */
const DEFECT_STATUS = 70;

/**
 * Runs a command's main function with the process's arguments.
 *
 * An error about its input becomes one line on standard error and exit status
 * 1; any other a line, its stack, where to report it, and exit status 70.
 *
 * @param main The command.
 */
export async function runCommand(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(isInputError(error) ? `error: ${firstLine(error.message)}\n` : describeDefect(error));
    process.exitCode = isInputError(error) ? INPUT_STATUS : DEFECT_STATUS;
  }
}

function describeDefect(error: unknown): string {
  const { name, message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line)).map((line) =>
    `    ${escapeText(line.trim())}`
  );
  return [
    `error: Octet has a defect: ${firstLine(`${name}: ${message}`)}`,
    ...frames,
    `Please report these lines and the command as an issue of the project ${manifest.name} ${manifest.version}.`,
    "",
  ].join("\n");
}

function firstLine(text: string): string {
  return escapeText(text.split("\n")[0]);
}
