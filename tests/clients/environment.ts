/**
 * The Python environment that tests run clients in, which
 * `deno task test:clients` makes in a folder outside the project.
 *
 * @module
 */

import process from "node:process";

/** What pip installs. */
export const REQUIREMENT = "tritonclient[http]==2.73.0";

/** The folder of the environment. */
export function environmentFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? `${process.env.HOME ?? process.env.LOCALAPPDATA}/.cache`;
  return `${cache}/octet-test-clients/${REQUIREMENT}`;
}

/** Path of the environment's Python. */
export function pythonPath(): string {
  return environmentFolder() + (Deno.build.os === "windows" ? "/Scripts/python.exe" : "/bin/python");
}

/** Whether the client can be imported. */
export async function hasClient(): Promise<boolean> {
  try {
    const args = ["-c", "import tritonclient.http"];
    return (await new Deno.Command(pythonPath(), { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
