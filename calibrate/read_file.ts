/**
 * Reading of files that options name.
 *
 * @module
 */

import { fileError } from "../cli/file_error.ts";

/** Reads a file. @throws {TypeError} Where it cannot be read. */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}
