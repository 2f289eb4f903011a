/**
 * Keeping of bundles in Deno KV, in chunks below its limit on values.
 *
 * @module
 */

import type { BundleCache } from "./bundle_cache.ts";

/** The part of Deno KV that is used. */
export interface KeyValueStore {
  get(key: string[]): Promise<{ value: unknown }>;
  getMany(keys: (string | number)[][]): Promise<{ value: unknown }[]>;
  set(key: (string | number)[], value: unknown, options: { expireIn: number }): Promise<unknown>;
  delete(key: (string | number)[]): Promise<void>;
  close(): void;
}

/** What is kept of a file beside its chunks. */
interface Manifest {
  /** Under which its chunks lie; each writing has its own, so that none mixes with another's. */
  id: string;
  chunks: number;
  length: number;
  etag: string | undefined;
}

/** Bytes of a chunk: a value may have 64 KiB with what the store adds. */
const CHUNK_BYTES = 60 * 1024;
/** Most keys that one reading may name. */
const KEYS_AT_ONCE = 10;
/** Milliseconds after which an entry is dropped, so that nothing is left behind for ever. */
const LIFE_MILLISECONDS = 30 * 24 * 3600 * 1000;
const PREFIX = "octet-bundles";

/**
 * Makes a cache on Deno KV.
 *
 * @param open Opens the store for one use; by default the one that the host names.
 */
export function createKvCache(open: () => Promise<KeyValueStore> = openHostStore): BundleCache {
  const manifestKey = (url: URL) => [PREFIX, url.href];
  const chunkKeys = ({ id, chunks }: Manifest) => Array.from({ length: chunks }, (_, index) => [PREFIX, id, index]);

  async function use<T>(action: (store: KeyValueStore) => Promise<T>): Promise<T> {
    const store = await open();
    try {
      return await action(store);
    } finally {
      store.close();
    }
  }

  async function remove(store: KeyValueStore, manifest: Manifest | undefined): Promise<void> {
    for (const key of manifest ? chunkKeys(manifest) : []) await store.delete(key);
  }

  const manifestOf = async (store: KeyValueStore, url: URL) =>
    (await store.get(manifestKey(url))).value as Manifest | undefined ?? undefined;

  return {
    get: (url) =>
      use(async (store) => {
        const manifest = await manifestOf(store, url);
        if (manifest === undefined) return undefined;
        const bytes = new Uint8Array(manifest.length);
        const keys = chunkKeys(manifest);
        for (let first = 0; first < keys.length; first += KEYS_AT_ONCE) {
          const entries = await store.getMany(keys.slice(first, first + KEYS_AT_ONCE));
          for (const [index, { value }] of entries.entries()) {
            if (!(value instanceof Uint8Array)) return undefined;
            bytes.set(value, (first + index) * CHUNK_BYTES);
          }
        }
        return { bytes, etag: manifest.etag };
      }),
    put: (url, { bytes, etag }) =>
      use(async (store) => {
        const earlier = await manifestOf(store, url);
        const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
        const manifest: Manifest = { id: crypto.randomUUID(), chunks, length: bytes.length, etag };
        const options = { expireIn: LIFE_MILLISECONDS };
        for (const [index, key] of chunkKeys(manifest).entries()) {
          await store.set(key, bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES), options);
        }
        await store.set(manifestKey(url), manifest, options);
        await remove(store, earlier);
      }),
    delete: (url) =>
      use(async (store) => {
        const manifest = await manifestOf(store, url);
        await store.delete(manifestKey(url));
        await remove(store, manifest);
      }),
  };
}

async function openHostStore(): Promise<KeyValueStore> {
  return await (globalThis as unknown as { Deno: { openKv(): Promise<KeyValueStore> } }).Deno.openKv();
}
