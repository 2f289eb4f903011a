/**
 * Makes the Python environment of the clients, where it is missing, in a folder
 * outside the project: `deno run -A tests/clients/install.ts`. Where it cannot
 * be made that is said, and its tests are skipped.
 *
 * @module
 */

import { environmentFolder, hasClient, pythonPath, REQUIREMENT } from "./environment.ts";

async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
}

async function install(): Promise<void> {
  await run(Deno.build.os === "windows" ? "python" : "python3", ["-m", "venv", "--clear", environmentFolder()]);
  await run(pythonPath(), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT]);
}

if (!await hasClient()) {
  await install().then(
    () => console.log(`${REQUIREMENT}: installed`),
    (error) => console.log(`${REQUIREMENT}: cannot be installed: ${error.message}`),
  );
}
