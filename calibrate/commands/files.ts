/**
 * Reading and writing of the commands' files.
 *
 * @module
 */

import { basename, extname, resolve } from "node:path";
import { InputError } from "../../runtime/errors.ts";
import { externalDataBeside } from "../external_data.ts";
import type { Graph } from "../graph/graph.ts";
import type { ReadExternalData } from "../onnx/external_data.ts";
import { importOnnx, type ImportOptions } from "../onnx/import.ts";
import type { Dimensions } from "../onnx/read_inputs.ts";

/** Reads a file, with its name in the error. @throws {TypeError} Where it cannot be read. */
export async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

/**
 * Reads an ONNX file as a graph named after the file.
 *
 * @param dimensions Lengths of free dimensions, by name.
 * @param external Reads data that stand in other files.
 */
export async function readNetwork(
  path: string,
  dimensions: Dimensions = {},
  external: ReadExternalData = externalDataBeside(path),
): Promise<Graph> {
  return importNetwork(await readInput(path), path, { dimensions, external });
}

/**
 * Imports an ONNX file that was read.
 *
 * @param path Its path, after which the graph is named.
 * @param what What is imported, as the beginning of errors; the path where absent.
 */
export function importNetwork(
  bytes: Uint8Array,
  path: string,
  { what = path, ...options }: Omit<ImportOptions, "name"> & { what?: string },
): Graph {
  try {
    return importOnnx(bytes, { ...options, name: basename(path, extname(path)) });
  } catch (error) {
    if (error instanceof Error) error.message = `${what}: ${error.message}`;
    throw error;
  }
}

/**
 * Checks that a file can be made at a path, before long work.
 *
 * @param others Files that must not be overwritten.
 * @throws {TypeError} Where it cannot.
 */
export async function checkOutput(path: string, others: string[] = []): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    for (const other of others) {
      if (await realPath(path) === await realPath(other)) throw new InputError("it is another file of this command");
    }
    if ((await Deno.stat(path).catch(() => undefined))?.isDirectory) throw new InputError("it is a folder");
    await Deno.writeFile(temporary, new Uint8Array(0));
    await Deno.remove(temporary);
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${reason(error)}`, { cause: error });
  }
}

/** Writes a file whole or not at all. @throws {TypeError} Where it cannot be written. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new InputError(`Cannot write ${path}: ${reason(error)}`, { cause: error });
  }
}

/** A name beside a path that is no other file's. */
function temporaryOf(path: string): string {
  return `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
}

/** The path itself where nothing is there yet. */
async function realPath(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => resolve(path));
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or folder";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message.replace(/ \(os error \d+\).*/, "") : String(error);
}
