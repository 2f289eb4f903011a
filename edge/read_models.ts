/**
 * The bundles that an edge function serves.
 *
 * @module
 */

import { hideSecrets } from "../runtime/hide_secrets.ts";
import { InputError } from "../runtime/errors.ts";
import { bundleBytes } from "../runtime/bundle/file_bytes.ts";
import { toHex } from "../runtime/hexadecimal.ts";
import { escapeText } from "../cli/escape_text.ts";
import { fileError } from "../cli/file_error.ts";
import { parseBundleAddress } from "../runtime/http/models/source/address.ts";
import { findBundles } from "../runtime/http/models/source/find_bundles.ts";
import { readBundleSource } from "../runtime/http/models/source/read_bundle_source.ts";

/** A bundle that was read. */
export interface EdgeModel {
  /** Name under which it is served. */
  name: string;
  /** Version under which it is served. */
  version: string;
  /** The file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** URL with the hash of the file, where it came from the web. */
  url: string | undefined;
}

/** Where a bundle is and, if it was given, its name. */
export interface ModelSource {
  /** Name; that of the network if absent. */
  name: string | undefined;
  /** Path, folder or URL, with or without `NAME=`. */
  source: string;
}

/**
 * Reads and checks bundles.
 *
 * @param sources Where they are.
 * @throws {InputError} Where one cannot be read, or two have one name.
 */
export async function readModels(sources: readonly ModelSource[]): Promise<EdgeModel[]> {
  const models: EdgeModel[] = [];
  for (const given of sources) {
    const found = await findBundles(given.source);
    if (given.name !== undefined && found.some(({ name }) => name !== undefined)) {
      throw new InputError(`${escapeText(hideSecrets(given.source))} names its models itself: leave out --name`);
    }
    for (const { name = given.name, version, source } of found) {
      const bundle = await readBundleSource(source, { cache: "off" }).catch((cause) => {
        throw fileError(hideSecrets(source), cause);
      });
      const bytes = bundleBytes(bundle);
      models.push({ name: name ?? bundle.program.name, version, bytes, url: await pinnedUrl(source, bytes) });
    }
  }
  const keys = models.map(({ name, version }) => JSON.stringify([name, version]));
  const twin = models.find((_, index) => keys.indexOf(keys[index]) < index);
  if (twin !== undefined) {
    throw new InputError(`Two bundles are named "${escapeText(twin.name)}": write NAME=FILE for one of them`);
  }
  return models;
}

async function pinnedUrl(source: string, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const address = parseBundleAddress(source);
  if (address === undefined) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `${address.url.href}#sha256=${toHex(new Uint8Array(digest))}`;
}
