/**
 * Loading of bundles for a server.
 *
 * @module
 */

import { bundleBytes } from "../../bundle/file_bytes.ts";
import type { Bundle } from "../../bundle/read.ts";
import type { ExecutorOptions } from "../../executor.ts";
import { Model } from "../../model.ts";
import type { BundleSource } from "../../source.ts";
import type { ModelLoader } from "./model_registry.ts";
import { type Awaitable, serveModel } from "./served_model.ts";
import { readBundleSource, type SourceOptions } from "./source/read_bundle_source.ts";
import { readOnce } from "./source/read_once.ts";

/** Which build of the kernels to use, and how the bundle is read. */
export interface BundleLoaderOptions extends ExecutorOptions, SourceOptions {}

/** Where a bundle is, the bundle itself, or what gives either when it is first needed. */
export type LoadedSource = BundleSource | Bundle | (() => Awaitable<BundleSource | Bundle>);

/**
 * Makes the loader of a bundle. The bundle is read on the first call and kept,
 * so that a new instance after a trap needs neither the network nor the disk.
 *
 * @param source Where the bundle is, or the bundle itself. A URL may end with `#sha256=` and the expected hash.
 * @param options Which build of the kernels to use, and how the bundle is read.
 * @returns A loader that makes a new instance on each call; fails where the bundle cannot be read.
 */
export function bundleLoader(source: LoadedSource, options: BundleLoaderOptions = {}): ModelLoader {
  const read = readOnce(async () => {
    const given = typeof source === "function" ? await source() : source;
    return isBundle(given) ? given : await readBundleSource(given, options);
  });
  return {
    load: async () => serveModel(new Model(await read(), options)),
    file: async () => bundleBytes(await read()),
  };
}

function isBundle(source: BundleSource | Bundle): source is Bundle {
  return typeof source === "object" && "program" in source;
}
