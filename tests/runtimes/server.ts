/**
 * Hosts that answer over HTTP.
 *
 * @module
 */

import { ask } from "./ask.js";

/** A port that nothing listens on. */
export function freePort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/**
 * Runs a server and asks it.
 *
 * @param program Path of its program.
 * @param args Its arguments, which make it listen on the port.
 * @param port The port.
 * @param images Image files in base64, by name.
 * @param env Variables of its environment beside those of this process.
 */
export async function askServer(
  program: string,
  args: string[],
  port: number,
  images: Record<string, string>,
  env: Record<string, string> = {},
): Promise<Record<string, string>> {
  const command = new Deno.Command(program, { args, env, stdin: "null", stdout: "null", stderr: "piped" });
  const process = command.spawn();
  const errors = new Response(process.stderr).text();
  let ended = false;
  process.status.then(() => ended = true);
  const origin = `http://127.0.0.1:${port}`;
  try {
    for (;;) {
      const response = await fetch(`${origin}/v2/health/live`).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) break;
      if (ended) throw new Error(`${program} ended: ${await errors}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return await ask((path, init) => fetch(origin + path, init), images);
  } finally {
    if (!ended) process.kill("SIGKILL");
    await process.status;
    await errors;
  }
}
