/**
 * Makes Python environments.
 *
 * @module
 */

import { type Environment, environmentFolder, isMade, pythonPath } from "./environment.ts";

/**
 * Makes an environment where it is missing.
 *
 * @throws {Error} Where Python is missing or its packages cannot be had.
 */
export async function makeEnvironment(environment: Environment): Promise<void> {
  if (isMade(environment)) return;
  const folder = environmentFolder(environment);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await run(Deno.build.os === "windows" ? "python" : "python3", ["-m", "venv", "--clear", folder]);
  await run(pythonPath(environment), [...pip, "--requirement", environment.requirements]);
  if (environment.alone) await run(pythonPath(environment), [...pip, "--no-deps", environment.alone]);
  await Deno.writeTextFile(`${folder}/complete`, "");
}

async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
}
