/**
 * Messages about URLs.
 *
 * @module
 */

/**
 * Leaves out of the URLs in a text what may be secret: user, password, query and fragment.
 *
 * @param text Any text, such as a URL or the message of an error.
 * @returns The text with scheme, host and path of each URL alone.
 */
export function hideSecrets(text: string): string {
  return text.replace(
    /\b(https?:\/\/)([^\s"'<>]*)/gi,
    (_, scheme, rest) => scheme + rest.replace(/[?#][^)]*/, "").replace(/^[^/]*@/, ""),
  );
}
