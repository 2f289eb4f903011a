/**
 * Sizes of what is shipped.
 *
 * @module
 */

import { build, stop } from "esbuild";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
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
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("mod.ts", ROOT))],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    external: ["node:*", "../../kernels/pkg/*"],
  });
  await stop();
  return outputFiles[0].contents.length;
}
