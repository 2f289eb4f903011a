/**
 * Files that benches make once and keep under `bench/.cache/`.
 *
 * @module
 */

import { basename, extname } from "node:path";

const ROOT = new URL("../../", import.meta.url);
const CACHE = new URL("bench/.cache/", ROOT);
/** Source that decides what a cached file holds; another state of it makes another file. */
const SOURCES = [
  "mod.ts",
  "runtime/",
  "calibrate/",
  "kernels/pkg/",
  "bench/networks/",
  "bench/start/",
  "edge/bundle_script.ts",
  "bench/peers/",
  "calibrate/median.ts",
  "tests/support/random.ts",
];

/** Path of a file in the cache. */
export function cachePath(name: string): URL {
  return new URL(name, CACHE);
}

/**
 * Gives a cached file, made anew where the project's source has changed since;
 * the one that it replaces is removed.
 *
 * @param name Name of the file below the cache, its end after the last dot.
 * @param make Makes the content.
 * @returns The path.
 */
export async function cached(name: string, make: () => Uint8Array | Promise<Uint8Array>): Promise<URL> {
  const dot = name.lastIndexOf(".");
  const path = cachePath(`${name.slice(0, dot)}-${await sourceHash()}${name.slice(dot)}`);
  if (await Deno.stat(path).then(() => true, () => false)) return path;
  await Deno.mkdir(new URL(".", path), { recursive: true });
  const unfinished = new URL(`${path.href}.${crypto.randomUUID()}`);
  await Deno.writeFile(unfinished, await make());
  await Deno.rename(unfinished, path);
  await removeOlder(name.slice(0, dot), path);
  return path;
}

async function removeOlder(start: string, path: URL): Promise<void> {
  const name = basename(path.pathname);
  const pattern = /^-[0-9a-f]{12}$/;
  for await (const entry of Deno.readDir(new URL(".", path))) {
    if (entry.name === name || extname(entry.name) !== extname(name) || !entry.name.startsWith(start)) continue;
    if (pattern.test(basename(entry.name, extname(name)).slice(start.length))) {
      await Deno.remove(new URL(entry.name, path));
    }
  }
}

let hash: Promise<string> | undefined;

/** Twelve hexadecimal digits that say which state of the source made a file. */
function sourceHash(): Promise<string> {
  return hash ??= (async () => {
    const files = (await Promise.all(SOURCES.map(listFiles))).flat().sort();
    const contents = await Promise.all(files.map((file) => Deno.readFile(new URL(file, ROOT))));
    const digests = await Promise.all(contents.map((content) => crypto.subtle.digest("SHA-256", content)));
    const text = files.map((file, index) => `${file} ${new Uint8Array(digests[index]).toHex()}`).join("\n");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return new Uint8Array(digest).toHex().slice(0, 12);
  })();
}

async function listFiles(path: string): Promise<string[]> {
  if (!path.endsWith("/")) return [path];
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(path, ROOT))) {
    files.push(...await listFiles(path + entry.name + (entry.isDirectory ? "/" : "")));
  }
  return files;
}
