/**
 * The frame of a command: arguments in, one sentence and exit status 1 on
 * failure.
 *
 * @module
 */

import process from "node:process";
import { escapeText } from "./escape_text.ts";

/**
 * Runs a command's main function with the process's arguments.
 *
 * An error becomes one line on standard error and exit status 1.
 *
 * @param main The command.
 */
export async function runCommand(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${escapeText(message.split("\n")[0])}\n`);
    process.exitCode = 1;
  }
}
