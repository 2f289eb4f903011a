/**
 * The bundles that the arguments of a command name.
 *
 * @module
 */

import { escapeText } from "../../../escape_text.ts";
import { fileError } from "../../../file_error.ts";
import { parseBundleAddress } from "./address.ts";

/** A bundle that was named. */
export interface FoundBundle {
  /** Name under which it is to be served; that of its network if absent. */
  name: string | undefined;
  /** Version under which it is to be served. */
  version: string;
  /** Path or URL. */
  source: string;
}

/** Name of the bundle in the folder of a version. */
const FILE_NAME = "model.octet";

/**
 * Finds the bundles that an argument names: `[NAME=]PATH`, `[NAME=]URL`, or a folder.
 *
 * A folder holds a folder for each model, and that one for each version, a
 * number above 0, with a file `model.octet`; other files and hidden folders are
 * left alone.
 *
 * @param argument The argument; a path with `=` can be told apart by `./` before it.
 * @returns The bundles, versions from the lowest.
 * @throws {TypeError} Where a folder cannot be read or holds no model, or a URL cannot be read.
 */
export async function findBundles(argument: string): Promise<FoundBundle[]> {
  const [, name, source] = argument.match(/^(?:([^/\\:=]+)=)?(.*)$/s)!;
  parseBundleAddress(source);
  if (await isFolder(source)) {
    if (name !== undefined) throw new TypeError(`${escapeText(source)}: a folder names its models itself`);
    return await searchFolder(source);
  }
  return [{ name, version: "1", source }];
}

async function searchFolder(path: string): Promise<FoundBundle[]> {
  const found: FoundBundle[] = [];
  for (const name of await foldersIn(path, /^[^.]/)) {
    const folder = `${path}/${name}`;
    const versions = (await foldersIn(folder, /^[1-9]\d{0,14}$/)).sort((a, b) => Number(a) - Number(b));
    if (versions.length === 0) {
      throw new TypeError(`${escapeText(folder)}: no version is there, ${name}/1/${FILE_NAME} expected`);
    }
    found.push(...versions.map((version) => ({ name, version, source: `${folder}/${version}/${FILE_NAME}` })));
  }
  if (found.length === 0) {
    throw new TypeError(`${escapeText(path)}: no model is there, NAME/VERSION/${FILE_NAME} expected`);
  }
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** Names of the folders in a folder, sorted; links to folders count. */
async function foldersIn(path: string, pattern: RegExp): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) {
      if (pattern.test(name) && await isFolder(`${path}/${name}`)) names.push(name);
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
  return names.sort();
}
