/**
 * Servers that tests run as processes.
 *
 * @module
 */

import { writeBundle } from "../../runtime/bundle/write.ts";
import { taskCommand } from "./task_command.ts";
import type { Parts } from "./tiny_bundle.ts";

/** Writes bundles to a folder that lives as long as `use` runs. */
export async function withBundles<T>(parts: Parts[], use: (paths: string[]) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = parts.map((_, index) => `${folder}/${index}.octet`);
    for (const [index, { program, data }] of parts.entries()) {
      await Deno.writeFile(paths[index], await writeBundle(program, data));
    }
    return await use(paths);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A running server. */
export interface Server {
  /** Its first line. */
  line: string;
  /** Where it listens, without a slash at the end. */
  url: string;
  /** Number of its process. */
  pid: number;
  /** Asks it to end. */
  signal(name: Deno.Signal): void;
  /** How it ended, with all that it wrote to standard error. */
  end: Promise<{ code: number; stderr: string }>;
}

/** Runs `serve` until `use` is done; the server is asked to end if it did not before. */
export async function withServer<T>(args: string[], use: (server: Server) => Promise<T>): Promise<T> {
  const process = taskCommand("serve", args).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stderr = new Response(process.stderr).text();
  const end = Promise.all([process.status, stderr]).then(([{ code }, stderr]) => ({ code, stderr }));
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The server ended: ${await stderr}`);
      text += value;
    }
    const line = text.trimEnd();
    return await use({
      line,
      url: line.match(/http:\/\/\S+/)![0],
      pid: process.pid,
      signal: (name) => process.kill(name),
      end,
    });
  } finally {
    await Promise.race([end, Promise.resolve()]).then((ended) => ended ?? process.kill("SIGTERM"));
    await end;
    await reader.cancel();
  }
}

/** Status and JSON of the answer to a request. */
// deno-lint-ignore no-explicit-any
export async function request(url: string, init?: RequestInit): Promise<[number, any]> {
  const response = await fetch(url, init);
  return [response.status, await response.json()];
}
