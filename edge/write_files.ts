/**
 * Writing of several files, all or none.
 *
 * @module
 */

import { join } from "node:path";
import type { OutputFile } from "./entry.ts";
import { InputError } from "../runtime/errors.ts";
import { fileError } from "../cli/file_error.ts";

/**
 * Writes files into a folder, which is made if absent. No file is changed
 * before all are written beside their places.
 *
 * @param folder The folder.
 * @param files The files.
 * @throws {InputError} Where one cannot be written.
 */
export async function writeFiles(folder: string, files: readonly OutputFile[]): Promise<void> {
  const places = files.map(({ name, bytes }) => ({
    bytes,
    path: join(folder, name),
    part: join(folder, `${name}.part`),
  }));
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const { part, bytes } of places) await Deno.writeFile(part, bytes);
    for (const { part, path } of places) await Deno.rename(part, path);
  } catch (cause) {
    await Promise.all(places.map(({ part }) => Deno.remove(part).catch(() => {})));
    const reason = cause instanceof Error ? cause.message.replace(/ \(os error \d+\).*/, "") : String(cause);
    throw fileError(folder, new InputError(`the files cannot be written: ${reason}`, { cause }));
  }
}
