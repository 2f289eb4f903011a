/**
 * Reading of bundles for a server: from memory, a file, or the web.
 *
 * @module
 */

import { type Bundle, readBundle } from "../../../bundle/read.ts";
import { BundleError, InputRangeError } from "../../../errors.ts";
import { toHex } from "../../../hexadecimal.ts";
import { hideSecrets } from "../../../hide_secrets.ts";
import { type BundleSource, readSource } from "../../../source.ts";
import { checkSha256, parseBundleAddress } from "./address.ts";
import type { BundleCache, CachedFile } from "./bundle_cache.ts";
import { download } from "./download.ts";
import { type CacheChoice, openBundleCache } from "./open_bundle_cache.ts";

/** How a bundle is read. */
export interface SourceOptions {
  /**
   * What its bytes must be: SHA-256 of the file, or the hash that it ends with, in hexadecimal.
   * In a URL it may stand as `#sha256=…`. A bundle altered by chance is refused without it, too.
   */
  sha256?: string;
  /** Most bytes; 512 MiB if absent. */
  maxBytes?: number;
  /** Milliseconds in which a download must be complete; 60,000 if absent. */
  milliseconds?: number;
  /** Where a download is kept; "auto" if absent. */
  cache?: CacheChoice | BundleCache;
  /** Receives why a download is not kept or a kept one not used; written to the console if absent. */
  onWarning?: (message: string) => void;
}

/**
 * Reads and checks a bundle.
 *
 * A download is kept by the host's Cache API or Deno KV. Where its hash is
 * known, a kept file is used without any request; else the server is asked
 * whether it is still right. Nothing is kept before it was checked.
 *
 * @param source Bytes, the path of a file, or a URL.
 * @param options Hash, limits and cache.
 * @throws {BundleError} If the bytes are no bundle, or not the one that the hash names.
 * @throws {InputError} If they cannot be read, or the hash has another form.
 * @throws {InputRangeError} If there are too many bytes or a limit is not a positive number.
 */
export async function readBundleSource(source: BundleSource, options: SourceOptions = {}): Promise<Bundle> {
  const { maxBytes = 512 * 2 ** 20, milliseconds = 60_000, onWarning = console.warn } = options;
  for (const [name, value] of Object.entries({ maxBytes, milliseconds })) {
    if (!(value > 0)) throw new InputRangeError(`${name} must be a positive number, not ${value}`);
  }
  const address = parseBundleAddress(source);
  const given = options.sha256 === undefined ? undefined : checkSha256(options.sha256);
  if (address === undefined) {
    const bytes = await readSource(source);
    if (bytes.length > maxBytes) {
      throw new InputRangeError(`The bundle has ${bytes.length} bytes, more than ${maxBytes}`);
    }
    return await check(bytes, given);
  }

  const { url } = address;
  const sha256 = given ?? address.sha256;
  const cache = guarded(options.cache ?? "auto", onWarning);
  const kept = await cache.get(url);
  if (kept !== undefined && sha256 !== undefined) {
    const bundle = await check(kept.bytes, sha256).catch(() => undefined);
    if (bundle) return bundle;
  }
  const etag = sha256 === undefined ? kept?.etag : undefined;
  const received = await download(url, { maxBytes, milliseconds }, etag);
  if (received.bytes === undefined) {
    try {
      return await check(kept!.bytes, undefined);
    } catch {
      await cache.delete(url);
      onWarning(`The kept copy of ${hideSecrets(url.href)} is not what it was and is dropped`);
      return await readBundleSource(source, { ...options, cache: "off" });
    }
  }
  const { bytes } = received;
  const bundle = await check(bytes, sha256).catch((error) => {
    if (error instanceof Error) error.message = `${hideSecrets(url.href)}: ${error.message}`;
    throw error;
  });
  // Without a hash or a tag nothing could tell later whether a kept file is still right.
  if (sha256 !== undefined || received.etag !== undefined) await cache.put(url, { bytes, etag: received.etag });
  return bundle;
}

/** Reads the bundle and compares its hashes with the expected one. */
async function check(bytes: Uint8Array, expected: string | undefined): Promise<Bundle> {
  const bundle = await readBundle(bytes);
  if (expected !== undefined && expected !== bundle.hash) {
    const hash = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
    if (hash !== expected) throw new BundleError(`The bundle has the SHA-256 ${hash}, ${expected} expected`);
  }
  return bundle;
}

/** A cache whose failures are warnings: a model can be served without it. */
function guarded(choice: CacheChoice | BundleCache, onWarning: (message: string) => void): BundleCache {
  let cache: BundleCache | undefined;
  const attempt = async <T>(action: (cache: BundleCache) => Promise<T>): Promise<T | undefined> => {
    try {
      return cache && await action(cache);
    } catch (error) {
      onWarning(hideSecrets(`The cache of bundles failed: ${error instanceof Error ? error.message : error}`));
      return undefined;
    }
  };
  try {
    cache = typeof choice === "string" ? openBundleCache(choice) : choice;
  } catch (error) {
    onWarning((error as Error).message);
  }
  return {
    get: (url) => attempt((cache) => cache.get(url)),
    put: async (url, file: CachedFile) => void await attempt((cache) => cache.put(url, file)),
    delete: async (url) => void await attempt((cache) => cache.delete(url)),
  };
}
