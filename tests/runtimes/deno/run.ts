/**
 * Edge functions in Deno.
 *
 * @module
 */

import { askServer, freePort } from "../server.ts";

/**
 * Serves a function by `deno serve` and asks it.
 *
 * @param program Path of a Deno.
 * @param script Path of the function.
 * @param images Image files in base64, by name.
 * @param permissions Flags that permit what the function needs.
 */
export async function askDeno(
  program: string,
  script: string,
  images: Record<string, string>,
  permissions: string[] = [],
): Promise<Record<string, string>> {
  const port = freePort();
  // An empty folder for Deno's own files shows that no package is needed.
  const folder = await Deno.makeTempDir();
  try {
    const args = ["serve", "--no-config", "--no-prompt", ...permissions, "--host", "127.0.0.1", "--port", String(port)];
    return await askServer(program, [...args, script], port, images, { DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Runs a project for Deno Deploy as its hosts do, and asks it.
 *
 * @param program Path of a Deno.
 * @param folder Folder of the project.
 * @param images Image files in base64, by name.
 */
export async function askProject(
  program: string,
  folder: string,
  images: Record<string, string>,
): Promise<Record<string, string>> {
  const { deploy } = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
  const port = freePort();
  const env = { DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, DENO_DEPLOY: "true", DENO_NO_UPDATE_CHECK: "1" };
  return await askServer(program, ["run", "-A", `${folder}/${deploy.runtime.entrypoint}`], port, images, env);
}
