/**
 * Bytes of a bundle from where it lies.
 *
 * @module
 */

/** What a bundle is loaded from: its bytes, a URL, or the path of a file. */
export type BundleSource = Uint8Array | ArrayBuffer | URL | string;

/**
 * Reads the bytes of a bundle.
 *
 * @param source Bytes are returned as they are and need no permission; a string
 * is a path unless it begins with "http:", "https:", "file:" or "data:".
 * @throws {TypeError} Where the URL or file cannot be read.
 */
export async function readSource(source: BundleSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source === "string" && !/^(https?|file|data):/.test(source)) {
    const { readFile } = await import("node:fs/promises");
    return await readFile(source);
  }
  const response = await fetch(source);
  if (!response.ok) throw new TypeError(`Cannot read the bundle from ${source}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
