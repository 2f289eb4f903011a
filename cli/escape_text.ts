/**
 * Making text from files harmless to terminals.
 *
 * @module
 */

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Escapes what could move a terminal's cursor, break a line or reorder text.
 *
 * Control and format characters, line separators and lone surrogates become
 * `\uXXXX`, one per UTF-16 code unit. Inside JSON written on one line the
 * result means the same as before.
 *
 * @param text Any text.
 * @returns The text on one line.
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""));
}
