/**
 * Bytes of a bundle from where it lies.
 *
 * @module
 */

/** What a bundle is loaded from: its bytes, a URL, or the path of a file. */
export type BundleSource = Uint8Array | ArrayBuffer | URL | string;

/** The part of Deno's own interface that reads files; it is there several times sooner than Node's modules. */
interface FileHost {
  open(file: string | URL): Promise<OpenFile>;
  readFile(file: string | URL): Promise<Uint8Array>;
}

interface OpenFile {
  stat(): Promise<{ isFile: boolean; size: number }>;
  read(target: Uint8Array): Promise<number | null>;
  close(): void;
}

/**
 * Reads the bytes of a bundle.
 *
 * @param source Bytes are returned as they are and need no permission; a string
 * is a path unless it begins with "http:", "https:", "file:" or "data:".
 * @param allocate Makes the room for a file of that many bytes, where the host can read into it.
 * @throws {TypeError} Where a URL cannot be read.
 * @throws {Error} The host's own, where a file cannot be read.
 */
export async function readSource(
  source: BundleSource,
  allocate: (size: number) => Uint8Array = (size) => new Uint8Array(size),
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const place = typeof source === "string" && /^(https?|file|data):/.test(source) ? new URL(source) : source;
  if (typeof place === "string" || place.protocol === "file:") return await readFrom(place, allocate);
  const response = await fetch(place);
  if (!response.ok) throw new TypeError(`Cannot read the bundle from ${place}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function readFrom(path: string | URL, allocate: (size: number) => Uint8Array): Promise<Uint8Array> {
  const host = (globalThis as { Deno?: FileHost }).Deno;
  if (!host) {
    const { readFile } = await import("node:fs/promises");
    return await readFile(path);
  }
  const file = await host.open(path);
  try {
    const { isFile, size } = await file.stat();
    if (!isFile) return await host.readFile(path);
    const bytes = allocate(size);
    let length = 0;
    while (length < size) {
      const count = await file.read(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}
