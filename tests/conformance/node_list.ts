/**
 * The list of node tests that pass, a text file with one name on each line.
 *
 * @module
 */

const FILE = new URL("node_tests.txt", import.meta.url);

/** The names in the list. */
export function readList(): Set<string> {
  return new Set(Deno.readTextFileSync(FILE).split("\n").filter((line) => line !== ""));
}

/** Writes the list. */
export function writeList(names: readonly string[]): void {
  Deno.writeTextFileSync(FILE, Array.from(names).sort().map((name) => `${name}\n`).join(""));
}
