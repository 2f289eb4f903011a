/**
 * Python environments of tests that ask other people's programs, which
 * `deno task test:python` makes in folders outside the project.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../support/cache_folder.ts";

/** A Python environment, by what pip installs in it. */
export interface Environment {
  /** What it is for, in messages. */
  name: string;
  /** Path of the list of packages, which come with all that they depend on. */
  requirements: string;
  /** A package that comes without what it depends on. */
  alone?: string;
}

/** Clients of the serving protocol and what checks manifests. Of KServe's client only the descriptions are needed. */
export const CLIENTS: Environment = {
  name: "clients",
  requirements: fileURLToPath(new URL("clients.txt", import.meta.url)),
  alone: "kserve==0.21.0",
};

/** onnxruntime, and a release of onnx that holds its node tests as files. */
export const ONNX: Environment = {
  name: "onnx",
  requirements: fileURLToPath(new URL("onnx.txt", import.meta.url)),
};

/** The folder of an environment, another one for other requirements. */
export function environmentFolder({ requirements, alone = "" }: Environment): string {
  const hash = createHash("sha256").update(Deno.readTextFileSync(requirements) + alone).digest("hex");
  return cacheFolder(`octet-test-python/${hash.slice(0, 12)}`);
}

/** Path of an environment's Python. */
export function pythonPath(environment: Environment): string {
  return environmentFolder(environment) + (Deno.build.os === "windows" ? "/Scripts/python.exe" : "/bin/python");
}

/** A test that needs the environment of clients, skipped where that is missing. */
export function testInPython(name: string, run: () => Promise<void>): void {
  const missing = !isMade(CLIENTS);
  const note = missing ? " (skipped: its Python is missing, deno task test:python installs it)" : "";
  Deno.test({ name: name + note, ignore: missing, fn: run });
}

/** Whether an environment was made to its end. */
export function isMade(environment: Environment): boolean {
  try {
    return Deno.statSync(`${environmentFolder(environment)}/complete`).isFile;
  } catch {
    return false;
  }
}

/**
 * Runs a script in the environment of clients.
 *
 * @returns Its standard output.
 * @throws {Error} Where it fails: with its standard error.
 */
export async function runPython(script: URL, args: string[]): Promise<string> {
  const command = new Deno.Command(pythonPath(CLIENTS), { args: [fileURLToPath(script), ...args] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
