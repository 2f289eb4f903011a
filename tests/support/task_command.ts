/**
 * Runs the project's tasks as processes, with the permissions that they have.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };

/** What a task printed and how it ended. */
export interface TaskResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The process of a task, to be spawned; without the wrapper that would take signals itself. */
export function taskCommand(name: keyof typeof manifest.tasks, args: string[]): Deno.Command {
  const [, ...words] = manifest.tasks[name].split(" ");
  return new Deno.Command(Deno.execPath(), {
    args: [...words, ...args],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a task to its end. */
export async function runTask(name: keyof typeof manifest.tasks, args: string[]): Promise<TaskResult> {
  const { code, stdout, stderr } = await taskCommand(name, args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
