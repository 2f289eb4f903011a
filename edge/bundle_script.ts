/**
 * Bundling of TypeScript into one JavaScript module.
 *
 * @module
 */

import { build, type Plugin, stop } from "esbuild";
import { fileURLToPath, pathToFileURL } from "node:url";
import manifest from "../deno.json" with { type: "json" };
// Packages can be resolved only where the program itself imports them.
import "../runtime/http/handler.ts";

/** The folder of the project. */
export const ROOT: URL = new URL("../", import.meta.url);

/** How a module is bundled. */
export interface ScriptOptions {
  /** Path of the entry below the project's folder. */
  entry: string;
  /** Source of the entry, where there is no such file. */
  source?: string;
  /** Sources that take the place of files, by path below the project's folder. */
  replaced?: Readonly<Record<string, string>>;
  /** Texts that are the default export of `octet:NAME`, by NAME. */
  texts?: Readonly<Record<string, string>>;
  /** Modules that are left to the host, and how they are named in the result, by a pattern of the importing specifier. */
  external?: Readonly<Record<string, string>>;
  /** Text before the code. */
  banner?: string;
}

/**
 * Bundles and minifies a module.
 *
 * @param options What is bundled.
 * @returns The module; the same for the same sources.
 * @throws {Error} Where the sources cannot be bundled.
 */
export async function bundleScript(options: ScriptOptions): Promise<Uint8Array> {
  const { entry, source, banner } = options;
  const path = fileURLToPath(new URL(entry, ROOT));
  try {
    const { outputFiles } = await build({
      ...(source === undefined ? { entryPoints: [path] } : {
        stdin: { contents: source, resolveDir: fileURLToPath(new URL(".", pathToFileURL(path))), sourcefile: path },
      }),
      format: "esm",
      platform: "neutral",
      target: "es2022",
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      ...(banner !== undefined && { banner: { js: banner } }),
      bundle: true,
      minify: true,
      write: false,
      absWorkingDir: fileURLToPath(ROOT),
      external: ["node:*"],
      plugins: [sources(options)],
    });
    return outputFiles[0].contents;
  } finally {
    await stop();
  }
}

/** Finds packages, replaced files, texts and what the host provides. */
function sources({ replaced = {}, texts = {}, external = {} }: ScriptOptions): Plugin {
  const files = new Map(
    Object.entries({ ...replaced, "deno.json": `export default { version: ${JSON.stringify(manifest.version)} };` })
      .map(([path, contents]) => [fileURLToPath(new URL(path, ROOT)), contents]),
  );
  return {
    name: "octet",
    setup(build) {
      build.onResolve({ filter: /^npm:/ }, ({ path }) => ({ path: fileURLToPath(import.meta.resolve(path)) }));
      build.onResolve({ filter: /^octet:/ }, ({ path }) => ({ path: path.slice("octet:".length), namespace: "octet" }));
      build.onLoad({ filter: /.*/, namespace: "octet" }, ({ path }) => ({ contents: texts[path], loader: "text" }));
      for (const [pattern, name] of Object.entries(external)) {
        build.onResolve({ filter: new RegExp(pattern) }, ({ path }) => ({
          path: path.replace(new RegExp(pattern), name),
          external: true,
        }));
      }
      build.onLoad({ filter: /\.(?:ts|json)$/ }, ({ path }) => {
        const contents = files.get(path);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
}
