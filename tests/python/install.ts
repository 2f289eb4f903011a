/**
 * Makes the Python environment of tests, where it is missing, in a folder
 * outside the project: `deno run -A tests/python/install.ts`. Where it cannot be
 * made that is said, and its tests are skipped.
 *
 * @module
 */

import { ALONE, environmentFolder, isMade, pythonPath, REQUIREMENTS } from "./environment.ts";

async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
}

async function install(): Promise<void> {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await run(Deno.build.os === "windows" ? "python" : "python3", ["-m", "venv", "--clear", environmentFolder()]);
  await run(pythonPath(), [...pip, "--requirement", REQUIREMENTS]);
  await run(pythonPath(), [...pip, "--no-deps", ALONE]);
  await Deno.writeTextFile(`${environmentFolder()}/complete`, "");
}

if (!isMade()) {
  await install().then(
    () => console.log("Python packages for tests: installed"),
    (error) => console.log(`Python packages for tests: cannot be installed: ${error.message}`),
  );
}
