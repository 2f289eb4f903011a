/**
 * Keeping of downloaded bundles between the lives of a process.
 *
 * @module
 */

import { InputError } from "../../../errors.ts";
import { createCacheApiCache } from "./cache_api.ts";
import { createKvCache } from "./cache_kv.ts";

/** A file that was kept. */
export interface CachedFile {
  /** Its bytes. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The server's tag for them, where there is one. */
  etag: string | undefined;
}

/** Keeps files by URL. Whatever it gives is checked anew, so it need not be trusted. */
export interface BundleCache {
  /** Finds a file. */
  get(url: URL): Promise<CachedFile | undefined>;
  /** Keeps a file in place of an earlier one. */
  put(url: URL, file: CachedFile): Promise<void>;
  /** Forgets a file, if there is one. */
  delete(url: URL): Promise<void>;
}

/** Where downloaded bundles are kept: the host's Cache API, Deno KV, the first of both that exists, or nowhere. */
export type CacheChoice = "auto" | "cache-api" | "kv" | "off";

/** All choices, the default first. */
export const CACHE_CHOICES: readonly CacheChoice[] = ["auto", "cache-api", "kv", "off"];

/**
 * Opens the cache of a choice.
 *
 * @returns The cache; nothing where the choice is "off".
 * @throws {TypeError} If the host has no such cache.
 */
export function openBundleCache(choice: CacheChoice): BundleCache | undefined {
  if (choice === "off") return undefined;
  const host = globalThis as { caches?: CacheStorage; Deno?: { openKv?: unknown } };
  const hasKv = typeof host.Deno?.openKv === "function";
  if (host.caches && choice !== "kv") return createCacheApiCache(host.caches);
  if (hasKv && choice !== "cache-api") return createKvCache();
  const missing = { auto: "neither the Cache API nor Deno KV", "cache-api": "no Cache API", kv: "no Deno KV" };
  throw new InputError(`Downloaded bundles are not kept: this host has ${missing[choice]}`);
}
