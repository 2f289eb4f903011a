/**
 * Edge functions in Node and Bun.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/**
 * Imports a function in Node or Bun and asks it.
 *
 * @param program Path of a Node or Bun.
 * @param script Path of the function.
 * @param images Image files in base64, by name.
 */
export async function askNode(
  program: string,
  script: string,
  images: Record<string, string>,
): Promise<Record<string, string>> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify(images));
    const run = fileURLToPath(new URL("run.mjs", import.meta.url));
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [run, script, file] }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(file);
  }
}
