/**
 * Modules as they are deployed.
 *
 * @module
 */

import { basename } from "node:path";
import { bundleScript } from "../edge/bundle_script.ts";
import { cached } from "./networks/cache.ts";

/**
 * Makes a module and all that it imports one minified module, or takes it from
 * the cache. Beside it lie the kernels that only some hosts load.
 *
 * @param entry Path of the module below the project's folder.
 */
export async function deployedModule(entry: string): Promise<URL> {
  const kernels = await cached("simd128.js", () => bundleScript({ entry: "kernels/pkg/simd128.ts" }));
  const external = { "^.*/kernels/pkg/simd128\\.ts$": `./${basename(kernels.pathname)}` };
  const name = entry.replace(/\.ts$/, "").replaceAll("/", "_");
  return await cached(`${name}.js`, () => bundleScript({ entry, external }));
}
