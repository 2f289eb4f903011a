/**
 * The bundles that the arguments of a command name.
 *
 * @module
 */

import { escapeText } from "../../../../cli/escape_text.ts";
import { fileError } from "../../../../cli/file_error.ts";
import { InputError } from "../../../errors.ts";
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
 * Finds the bundles that an argument names: `[NAME=]PATH`, `[NAME=]URL`, or `[NAME=]FOLDER`.
 *
 * A folder holds a folder for each model, and that one for each version, a
 * number above 0, with a file `model.octet`. A folder with a name before it is
 * that of one model: it holds the versions, or one file `.octet`. Other files
 * and hidden folders are left alone.
 *
 * @param argument The argument; a path with `=` can be told apart by `./` before it.
 * @returns The bundles, versions from the lowest.
 * @throws {InputError} Where a folder cannot be read or holds no model, or a URL cannot be read.
 */
export async function findBundles(argument: string): Promise<FoundBundle[]> {
  const [, name, source] = argument.match(/^(?:([^/\\:=]+)=)?(.*)$/s)!;
  parseBundleAddress(source);
  if (await isFolder(source)) {
    return name === undefined ? await searchRepository(source) : await searchModel(source, name);
  }
  return [{ name, version: "1", source }];
}

/** The models of a folder that names them. */
async function searchRepository(path: string): Promise<FoundBundle[]> {
  const found: FoundBundle[] = [];
  for (const name of await namesIn(path, /^[^.]/, isFolder)) {
    const folder = `${path}/${name}`;
    const versions = await versionsIn(folder, name);
    if (versions.length === 0) {
      throw new InputError(`${escapeText(folder)}: no version is there, ${name}/1/${FILE_NAME} expected`);
    }
    found.push(...versions);
  }
  if (found.length === 0) {
    throw new InputError(`${escapeText(path)}: no model is there, NAME/VERSION/${FILE_NAME} expected`);
  }
  return found;
}

/** The versions of the one model of a folder. */
async function searchModel(path: string, name: string): Promise<FoundBundle[]> {
  const versions = await versionsIn(path, name);
  if (versions.length > 0) return versions;
  const files = await namesIn(path, /^[^.].*\.octet$/, async (file) => !await isFolder(file));
  if (files.length === 1) return [{ name, version: "1", source: `${path}/${files[0]}` }];
  const what = files.length === 0 ? "no bundle is" : `${files.length} bundles are`;
  throw new InputError(`${escapeText(path)}: ${what} there, one file .octet or VERSION/${FILE_NAME} expected`);
}

async function versionsIn(folder: string, name: string): Promise<FoundBundle[]> {
  const versions = await namesIn(folder, /^[1-9]\d{0,14}$/, isFolder);
  return versions.sort((a, b) => Number(a) - Number(b))
    .map((version) => ({ name, version, source: `${folder}/${version}/${FILE_NAME}` }));
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** Names of what a folder holds, sorted; what a link points to counts. */
async function namesIn(path: string, pattern: RegExp, test: (path: string) => Promise<boolean>): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) {
      if (pattern.test(name) && await test(`${path}/${name}`)) names.push(name);
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
  return names.sort();
}
