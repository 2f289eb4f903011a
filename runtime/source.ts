/**
 * Bytes of a bundle from where it lies.
 *
 * @module
 */

import { MAX_PART_BYTES } from "./bundle/format.ts";
import { InputError } from "./errors.ts";
import { hideSecrets } from "./hide_secrets.ts";

/** What a bundle is loaded from: its bytes, a URL, or the path of a file. */
export type BundleSource = Uint8Array | ArrayBuffer | URL | string;

/** The part of Deno's own interface that reads files; it is there several times sooner than Node's modules. */
interface FileHost {
  openSync(file: string | URL): OpenFile;
  readFile(file: string | URL): Promise<Uint8Array>;
}

interface OpenFile {
  seekSync(offset: number, whence: number): number;
  read(target: Uint8Array): Promise<number | null>;
  readSync(target: Uint8Array): number | null;
  close(): void;
}

const FROM_START = 0;
const FROM_END = 2;

/** Bytes that are read at once sooner than another thread is asked for them. */
const SMALL_FILE = 2 ** 24;

/** More than any bundle has. */
const NO_BUNDLE = 2 * MAX_PART_BYTES;

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
  const isUrl = typeof source === "string" && /^(https?|file|data):/.test(source);
  if (isUrl && !URL.canParse(source)) throw new InputError("The URL of the bundle cannot be read: it is malformed");
  const place = isUrl ? new URL(source) : source;
  if (typeof place === "string" || place.protocol === "file:") return await readFrom(place, allocate);
  return await download(place);
}

async function download(url: URL): Promise<Uint8Array> {
  const failure = (reason: string) => new InputError(hideSecrets(`Cannot read the bundle from ${url}: ${reason}`));
  try {
    const response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw failure(`status ${response.status}`);
  } catch (error) {
    // What is thrown names the whole URL, too, so it is no cause of this error.
    throw error instanceof InputError ? error : failure(error instanceof Error ? error.message : String(error));
  }
}

async function readFrom(path: string | URL, allocate: (size: number) => Uint8Array): Promise<Uint8Array> {
  const host = (globalThis as { Deno?: FileHost }).Deno;
  if (!host) {
    const { readFile } = await import("node:fs/promises");
    return await readFile(path);
  }
  const file = host.openSync(path);
  try {
    const size = sizeOf(file);
    if (size === undefined) return await host.readFile(path);
    const bytes = allocate(size);
    let length = 0;
    while (length < size) {
      const rest = bytes.subarray(length);
      const count = size <= SMALL_FILE ? file.readSync(rest) : await file.read(rest);
      if (count === null) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}

/** Bytes of a file, unless it is a pipe, a folder, or anything else that has no size; the state of a file says more, but takes longer. */
function sizeOf(file: OpenFile): number | undefined {
  try {
    const size = file.seekSync(0, FROM_END);
    return file.seekSync(0, FROM_START) === 0 && size < NO_BUNDLE ? size : undefined;
  } catch {
    return undefined;
  }
}
