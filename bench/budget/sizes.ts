/**
 * Sizes of what is shipped.
 *
 * @module
 */

import { bundleScript, ROOT } from "../../edge/bundle_script.ts";

const MODULES = ["relaxed", "simd128"];

/** Sizes in bytes, not compressed. */
export interface Sizes {
  /** The largest compiled build of the kernels. */
  module: number;
  /** The runtime as one minified JavaScript module, without the text of the compiled kernels. */
  javaScript: number;
}

/** Measures the sizes. */
export async function measureSizes(): Promise<Sizes> {
  const modules = await Promise.all(MODULES.map((name) => Deno.stat(new URL(`kernels/pkg/${name}.wasm`, ROOT))));
  return { module: Math.max(...modules.map(({ size }) => size)), javaScript: await minifiedBytes() };
}

async function minifiedBytes(): Promise<number> {
  const external = { "^.*/kernels/pkg/(\\w+)\\.ts$": "./$1.js" };
  return (await bundleScript({ entry: "mod.ts", external })).length;
}
