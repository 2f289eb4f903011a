/**
 * Loading of bundles for a server.
 *
 * @module
 */

import { type Bundle, readBundle } from "../../bundle/read.ts";
import type { ExecutorOptions } from "../../executor.ts";
import { Model } from "../../model.ts";
import { type BundleSource, readSource } from "../../source.ts";
import type { ModelLoader } from "./model_registry.ts";

/**
 * Makes the loader of a bundle. The bundle is read on the first call and kept,
 * so that a new instance after a trap needs neither the network nor the disk.
 *
 * @param source Where the bundle is, or the bundle itself.
 * @param options Which build of the kernels to use.
 * @returns A loader that makes a new instance on each call; fails where the bundle cannot be read.
 */
export function bundleLoader(source: BundleSource | Bundle, options: ExecutorOptions = {}): ModelLoader {
  let bundle: Promise<Bundle> | undefined = isBundle(source) ? Promise.resolve(source) : undefined;
  return async () => {
    bundle ??= read(source as BundleSource);
    try {
      return new Model(await bundle, options);
    } catch (error) {
      if (!isBundle(source)) bundle = undefined;
      throw error;
    }
  };
}

function isBundle(source: BundleSource | Bundle): source is Bundle {
  return typeof source === "object" && "program" in source;
}

async function read(source: BundleSource): Promise<Bundle> {
  return await readBundle(await readSource(source));
}
