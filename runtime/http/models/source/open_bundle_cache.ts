/**
 * The choice of a cache among those that the host has.
 *
 * @module
 */

import { InputError } from "../../../errors.ts";
import type { BundleCache } from "./bundle_cache.ts";
import { createCacheApiCache } from "./cache_api.ts";
import { createKvCache } from "./cache_kv.ts";

/** Where downloaded bundles are kept: the host's Cache API, Deno KV, the first of both that exists, or nowhere. */
export type CacheChoice = "auto" | "cache-api" | "kv" | "off";

/** All choices, the default first. */
export const CACHE_CHOICES: readonly CacheChoice[] = ["auto", "cache-api", "kv", "off"];

/**
 * Opens the cache of a choice.
 *
 * @returns The cache; nothing where the choice is "off".
 * @throws {InputError} If the host has no such cache.
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
