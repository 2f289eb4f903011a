/**
 * What to say of a file that cannot be used.
 *
 * @module
 */

import { InputError, isInputError } from "../runtime/errors.ts";
import { escapeText } from "./escape_text.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder",
  EACCES: "access is denied",
  EPERM: "access is denied",
};

/**
 * Makes an error about a file from what was thrown while it was read or checked.
 *
 * @param file Its path.
 * @param cause What was thrown.
 * @returns An error whose message is one line and begins with the path; a defect as it was thrown.
 */
export function fileError(file: string, cause: unknown): unknown {
  if (!(isInputError(cause) || isSystemError(cause))) return cause;
  const { code, message } = cause as Error & { code?: string };
  const reason = code === undefined ? undefined : REASONS[code];
  const text = reason === undefined ? `${file}: ${message.split("\n")[0]}` : `Cannot read ${file}: ${reason}`;
  return new InputError(escapeText(text), { cause });
}

/** Whether an error is the system's, or says that a permission is lacking. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error &&
    (typeof (error as Error & { code?: unknown }).code === "string" || error.name === "NotCapable");
}
