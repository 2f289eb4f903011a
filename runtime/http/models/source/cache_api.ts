/**
 * Keeping of bundles by the Cache API of the host.
 *
 * @module
 */

import type { BundleCache } from "./bundle_cache.ts";

/** Name of the cache that holds bundles. */
const CACHE_NAME = "octet-bundles";

/**
 * Makes a cache on the Cache API.
 *
 * @param storage The host's `caches`.
 */
export function createCacheApiCache(storage: CacheStorage): BundleCache {
  return {
    async get(url) {
      const response = await (await storage.open(CACHE_NAME)).match(url);
      if (response === undefined) return undefined;
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { bytes, etag: response.headers.get("etag") ?? undefined };
    },
    async put(url, { bytes, etag }) {
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": String(bytes.length),
        "cache-control": "public, max-age=31536000",
        ...(etag !== undefined && { etag }),
      };
      await (await storage.open(CACHE_NAME)).put(url, new Response(bytes, { headers }));
    },
    async delete(url) {
      await (await storage.open(CACHE_NAME)).delete(url);
    },
  };
}
