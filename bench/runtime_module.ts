/**
 * The runtime as it is deployed.
 *
 * @module
 */

import { bundleScript } from "../edge/bundle_script.ts";
import { cached } from "./networks/cache.ts";

/** Makes the runtime and its kernels one minified module, or takes it from the cache. */
export async function runtimeModule(): Promise<URL> {
  return await cached("runtime.js", () => bundleScript({ entry: "mod.ts" }));
}
