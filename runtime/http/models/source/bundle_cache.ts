/**
 * Keeping of downloaded bundles between the lives of a process.
 *
 * @module
 */

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
