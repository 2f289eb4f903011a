/**
 * The models that arguments name.
 *
 * @module
 */

import { escapeText } from "../../../cli/escape_text.ts";
import { fileError } from "../../../cli/file_error.ts";
import type { Bundle } from "../../bundle/read.ts";
import { InputError } from "../../errors.ts";
import { hideSecrets } from "../../hide_secrets.ts";
import { findBundles, type FoundBundle } from "../models/source/find_bundles.ts";
import { readBundleSource, type SourceOptions } from "../models/source/read_bundle_source.ts";
import { readOnce } from "../models/source/read_once.ts";

/** A bundle that is to be served. */
export interface OpenedModel {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served. */
  version: string;
  /**
   * Gives the bundle; reads it where that was not needed before.
   *
   * @throws {InputError} Where it cannot be read.
   */
  read(): Promise<Bundle>;
}

/**
 * Finds the models that arguments name, and reads those whose name only their bundle tells.
 *
 * @param args Arguments as `findBundles` takes them.
 * @param options Limits and cache of downloads.
 * @returns The models in the order of the arguments, versions from the lowest.
 * @throws {InputError} Where a file, folder or URL cannot be read or two models have one name.
 */
export async function openModels(args: readonly string[], options: SourceOptions = {}): Promise<OpenedModel[]> {
  const models: OpenedModel[] = [];
  for (const argument of args) {
    const bundles = await findBundles(argument);
    const found = await Promise.all(bundles.map((bundle) => openModel(bundle, options)));
    const twin = found.find(({ name }) => models.some((model) => model.name === name));
    if (twin !== undefined) {
      throw new InputError(
        `${escapeText(hideSecrets(argument))}: a network named "${escapeText(twin.name)}" is loaded already`,
      );
    }
    models.push(...found);
  }
  return models;
}

async function openModel({ name, version, source }: FoundBundle, options: SourceOptions): Promise<OpenedModel> {
  const read = readOnce(async () => {
    try {
      return await readBundleSource(source, options);
    } catch (cause) {
      throw fileError(hideSecrets(source), cause);
    }
  });
  if (name !== undefined) return { name, version, read };
  return { name: (await read()).program.name, version, read };
}
