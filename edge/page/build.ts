/**
 * Builds the page that a server shows: `deno task page` writes
 * `runtime/http/page/files.ts`, and with `--check` fails where it does not
 * follow from its sources.
 *
 * @module
 */

import { transform } from "esbuild";
import { fileURLToPath } from "node:url";
import { MEDIA_TYPES } from "../../image/formats.ts";
import { bundleScript } from "../bundle_script.ts";

/** The file that holds the page. */
const OUTPUT = new URL("../../runtime/http/page/files.ts", import.meta.url);

/** Decoders of images from the server. */
const CODEC_FILES = `
export const readCodec = async ({ name }) => {
  const response = await fetch(new URL(name + ".wasm", import.meta.url));
  if (!response.ok) throw new Error("The server does not give the decoder " + name);
  return new Uint8Array(await response.arrayBuffer());
};
`;

/** What the page itself needs of the table of formats; the decoders are in the worker's part. */
const FORMATS = `export const MEDIA_TYPES = ${JSON.stringify(MEDIA_TYPES)};`;

/** Makes the text of the file that holds the page. */
export async function buildPage(): Promise<string> {
  const files = {
    "index.html": await readSource("index.html"),
    "style.css": (await transform(await readSource("style.css"), { loader: "css", minify: true })).code,
    "page.js": await script("page.ts", {}, { "image/formats.ts": FORMATS }),
    "worker.js": await script("worker.ts", { "^\\./octet\\.ts$": "./octet.js" }),
    "octet.js": await script("octet.ts", { "^.*/kernels/pkg/(relaxed|simd128)\\.ts$": "./$1.js" }),
  };
  const entries = Object.entries(files).map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},`);
  return `/** The page and what it loads, by name; made from edge/page by \`deno task page\`. */
export const files: Readonly<Record<string, string>> = {
${entries.join("\n")}
};
`;
}

async function script(
  entry: string,
  external: Record<string, string>,
  others: Record<string, string> = {},
): Promise<string> {
  const replaced = { "image/codec_files.ts": CODEC_FILES, ...others };
  return new TextDecoder().decode(await bundleScript({ entry: `edge/page/${entry}`, external, replaced }));
}

async function readSource(name: string): Promise<string> {
  return (await Deno.readTextFile(new URL(name, import.meta.url))).replaceAll("\r\n", "\n");
}

if (import.meta.main) {
  const text = await buildPage();
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(OUTPUT, text);
  } else if (await Deno.readTextFile(OUTPUT).catch(() => "") !== text) {
    console.error(`${fileURLToPath(OUTPUT)} differs from what its sources give: run deno task page`);
    Deno.exitCode = 1;
  }
}
