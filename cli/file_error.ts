/**
 * What to say of a file that cannot be used.
 *
 * @module
 */

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
 * @returns An error whose message is one line and begins with the path.
 */
export function fileError(file: string, cause: unknown): TypeError {
  const { code, message } = cause instanceof Error ? cause as Error & { code?: string } : { message: String(cause) };
  const reason = code === undefined ? undefined : REASONS[code];
  const text = reason === undefined ? `${file}: ${message.split("\n")[0]}` : `Cannot read ${file}: ${reason}`;
  return new TypeError(escapeText(text), { cause });
}
