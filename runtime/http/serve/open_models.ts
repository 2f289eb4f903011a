/**
 * The models that paths name.
 *
 * @module
 */

import { readBundle } from "../../bundle/read.ts";
import { escapeText } from "../../escape_text.ts";
import { fileError } from "../../file_error.ts";
import { readSource } from "../../source.ts";
import { bundleLoader } from "../models/load_bundle.ts";
import type { ModelEntry } from "../models/model_registry.ts";

/** Name of the bundle in the folder of a version. */
const FILE_NAME = "model.octet";

/**
 * Finds the models that paths name.
 *
 * A file is read and served by the name of its network as version 1. A folder
 * holds a folder for each model, and that one for each version, a number above
 * 0, with a file `model.octet`; other files and hidden folders are left alone.
 *
 * @param paths Paths of bundles and folders.
 * @returns The models in the order of the paths, versions from the lowest.
 * @throws {TypeError} Where a file or folder cannot be read or two models have one name.
 */
export async function openModels(paths: readonly string[]): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = [];
  for (const path of paths) {
    const found = await isFolder(path) ? await openRepository(path) : [await openFile(path)];
    const twin = found.find(({ name }) => entries.some((entry) => entry.name === name));
    if (twin !== undefined) {
      throw new TypeError(`${escapeText(path)}: a network named "${escapeText(twin.name)}" is loaded already`);
    }
    entries.push(...found);
  }
  return entries;
}

async function openFile(path: string): Promise<ModelEntry> {
  try {
    const bundle = await readBundle(await readSource(path));
    return { name: bundle.program.name, load: bundleLoader(bundle) };
  } catch (cause) {
    throw fileError(path, cause);
  }
}

async function openRepository(path: string): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = [];
  for (const name of await foldersIn(path, /^[^.]/)) {
    const folder = `${path}/${name}`;
    const versions = (await foldersIn(folder, /^[1-9]\d{0,14}$/)).sort((a, b) => Number(a) - Number(b));
    if (versions.length === 0) {
      throw new TypeError(`${escapeText(folder)}: no version is there, ${name}/1/${FILE_NAME} expected`);
    }
    entries.push(
      ...versions.map((version) => ({ name, version, load: fileLoader(`${folder}/${version}/${FILE_NAME}`) })),
    );
  }
  if (entries.length === 0) {
    throw new TypeError(`${escapeText(path)}: no model is there, NAME/VERSION/${FILE_NAME} expected`);
  }
  return entries;
}

function fileLoader(path: string): ModelEntry["load"] {
  const load = bundleLoader(path);
  return async () => {
    try {
      return await load();
    } catch (cause) {
      throw fileError(path, cause);
    }
  };
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
