/**
 * The Python environment of tests that ask other people's programs, which
 * `deno task test:python` makes in a folder outside the project.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../support/cache_folder.ts";

/** What pip installs, with all that it depends on. */
export const REQUIREMENTS: string = fileURLToPath(new URL("requirements.txt", import.meta.url));

/** What pip installs alone: of KServe's client, the descriptions of its resources are needed and no more. */
export const ALONE = "kserve==0.21.0";

/** The folder of the environment, another one for other requirements. */
export function environmentFolder(): string {
  const hash = createHash("sha256").update(Deno.readTextFileSync(REQUIREMENTS) + ALONE).digest("hex");
  return cacheFolder(`octet-test-python/${hash.slice(0, 12)}`);
}

/** Path of the environment's Python. */
export function pythonPath(): string {
  return environmentFolder() + (Deno.build.os === "windows" ? "/Scripts/python.exe" : "/bin/python");
}

/** A test that needs the environment, skipped where that is missing. */
export function testInPython(name: string, run: () => Promise<void>): void {
  const missing = !isMade();
  const note = missing ? " (skipped: its Python is missing, deno task test:python installs it)" : "";
  Deno.test({ name: name + note, ignore: missing, fn: run });
}

/** Whether the environment was made to its end. */
export function isMade(): boolean {
  try {
    return Deno.statSync(`${environmentFolder()}/complete`).isFile;
  } catch {
    return false;
  }
}

/**
 * Runs a script in the environment.
 *
 * @returns Its standard output.
 * @throws {Error} Where it fails: with its standard error.
 */
export async function runPython(script: URL, args: string[]): Promise<string> {
  const command = new Deno.Command(pythonPath(), { args: [fileURLToPath(script), ...args] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
