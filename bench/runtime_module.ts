/**
 * The runtime as it is deployed.
 *
 * @module
 */

import { basename } from "node:path";
import { bundleScript } from "../edge/bundle_script.ts";
import { cached } from "./networks/cache.ts";

/**
 * Makes the runtime a minified module, or takes it from the cache. Beside it
 * lie the kernels that only some hosts load.
 */
export async function runtimeModule(): Promise<URL> {
  const kernels = await cached("simd128.js", () => bundleScript({ entry: "kernels/pkg/simd128.ts" }));
  const external = { "^.*/kernels/pkg/simd128\\.ts$": `./${basename(kernels.pathname)}` };
  return await cached("runtime.js", () => bundleScript({ entry: "mod.ts", external }));
}
